/** Signing up and logging in, on one home and one store. */
import { systemClock, type Clock } from '../base/clock.ts'
import { Fields } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { userNameCharsMax } from '../base/limits.ts'
import { silentLogger, type Logger } from '../base/log.ts'
import { fingerprint } from '../crypto/fingerprint.ts'
import { generatePassphrase } from '../crypto/passphrase.ts'
import { argonDefault, argonFloor } from '../crypto/password.ts'
import { systemRandom, type Random } from '../crypto/random.ts'
import { formatRecoveryCode, generateRecoveryCode, parseRecoveryCode } from '../crypto/recovery-code.ts'
import { publicKeyBytes, seedBytes, signerFromSeed } from '../crypto/sign.ts'
import { checkUserName, skeleton } from '../crypto/skeleton.ts'
import {
  createVault,
  localForm,
  openVault,
  type CreatedVault,
  type OpenVault,
  type VaultOutcome,
} from '../crypto/vault.ts'
import { passwordWeakness } from '../crypto/weakness.ts'
import { unwrapperFromSeed, wrapSeedBytes } from '../crypto/wrap.ts'
import { createNameRecord } from '../protocol/name-record.ts'
import { vaultKey } from '../protocol/paths.ts'
import type { Entry, Store } from '../store/store.ts'
import { RecoveryCodeNeeded } from './accounts.ts'
import type { Accounts, KnownIdentity, LogIn, SignedUp, SignUp } from './accounts.ts'
import type { Chat } from './chat.ts'
import { ChatSession } from './chat-session.ts'
import type { Home } from './home.ts'
import { Identity } from './identity.ts'
import { readIncarnation } from './incarnation.ts'
import { identityKey, localVaultKey } from './local-paths.ts'
import { readLocal } from './local-value.ts'
import { readOne } from './read-one.ts'
import { lookUpName, nameTaken, registerName } from './registry.ts'
import { steadyHealth, type StoreHealth } from './store-health.ts'

export interface AccountsOptions {
  readonly home: Home
  readonly store: Store
  /** Tells of the store in a status line. */
  readonly health?: StoreHealth
  /** How much work a password's key costs. `floor` is for tests. */
  readonly kdf?: 'default' | 'floor'
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
}

export function openAccounts(options: AccountsOptions): Accounts {
  const {
    home,
    store,
    health = steadyHealth('local store'),
    kdf = 'default',
    clock = systemClock,
    random = systemRandom,
    log = silentLogger,
  } = options
  const argon = kdf === 'floor' ? argonFloor : argonDefault

  async function signUp({ name, password, chosen }: SignUp): Promise<SignedUp> {
    checkUserName(name)
    const fault = chosen ? await passwordWeakness(password, name) : undefined
    if (fault !== undefined) {
      throw new ConclaveError('usage', `this password is too weak: ${fault}`, { hint: 'take a longer one' })
    }
    const local = await home.open(skeleton(name))
    try {
      if ((await readOne(local, identityKey)) !== undefined) throw nameTaken(name)
      const code = chosen ? generateRecoveryCode(random) : undefined
      const opened = await beginSignUp(local, name, password, code)
      const chat = await enter(local, opened)
      return code === undefined ? { chat } : { chat, recoveryCode: formatRecoveryCode(code) }
    } catch (error) {
      await local.close()
      throw error
    }
  }

  /** Local first, then the store: a start that was cut off in between goes on from what lies here. */
  async function beginSignUp(local: Store, name: string, password: string, code: Uint8Array<ArrayBuffer> | undefined) {
    const incarnation = await readIncarnation(store, random)
    const registered = await lookUpName(store, name)
    const pending = await readOne(local, localVaultKey)
    const begun = pending && (await openVault(pending.value, password))
    if (begun?.kind === 'open') {
      const signer = signerFromSeed(begun.body.rootSeed)
      const own = registered !== undefined && Buffer.compare(registered.rootKey, signer.publicKey) === 0
      if (own) return code === undefined ? begun : reseal(local, begun, password, code)
    }
    if (registered !== undefined) throw nameTaken(name)
    const body = {
      rootSeed: random(seedBytes),
      formerRootSeeds: [],
      wrapSeeds: [random(wrapSeedBytes)],
      generation: 0,
      rooms: [],
      pins: [],
      secrets: [],
    }
    const created: CreatedVault = await createVault(
      code === undefined
        ? { name, body, password, argon, protection: 'generated' }
        : { name, body, password, argon, protection: 'chosen', recoveryCode: code },
      random,
    )
    await local.commit({ then: [{ kind: 'put', key: localVaultKey, value: created.local }] })
    const { publicKey: wrapKey } = await unwrapperFromSeed(body.wrapSeeds[0] as Uint8Array<ArrayBuffer>)
    const record = createNameRecord(name, signerFromSeed(body.rootSeed), wrapKey)
    await registerName(store, incarnation, name, record, created.store)
    const { sequence, dataKey } = created
    const protection = code === undefined ? 'generated' : 'chosen'
    return { kind: 'open', name, sequence, protection, dataKey, body } satisfies OpenVault
  }

  /** The recovery code of the start that was cut off was shown to nobody: the vault is sealed anew, under this one. */
  async function reseal(local: Store, begun: OpenVault, password: string, recoveryCode: Uint8Array<ArrayBuffer>) {
    const { name, body } = begun
    const sequence = begun.sequence + 1
    const created = await createVault(
      { name, body, sequence, password, argon, protection: 'chosen', recoveryCode },
      random,
    )
    await local.commit({ then: [{ kind: 'put', key: localVaultKey, value: created.local }] })
    await store.commit({ then: [{ kind: 'put', key: vaultKey(skeleton(name)), value: created.store }] })
    return { ...begun, protection: 'chosen', sequence, dataKey: created.dataKey } satisfies OpenVault
  }

  async function logIn({ name, password, recoveryCode }: LogIn): Promise<Chat> {
    checkUserName(name)
    const here = (await home.names()).includes(skeleton(name))
    const local = here ? await home.open(skeleton(name)) : undefined
    const entry = local && (await readOne(local, localVaultKey))
    if (local !== undefined && entry !== undefined) {
      try {
        return await enter(local, opened(await openVault(entry.value, password), name, 'this home'))
      } catch (error) {
        await local.close()
        throw error
      }
    }
    await local?.close()
    return logInFromStore(name, password, recoveryCode)
  }

  async function logInFromStore(name: string, password: string, recoveryCode: string | undefined): Promise<Chat> {
    const entry = await readOne(store, vaultKey(skeleton(name)))
    if (entry === undefined) {
      throw new ConclaveError('no-such-user', `nobody is named ${name} here`, { hint: `conclave signup ${name}` })
    }
    const code = recoveryCode === undefined ? undefined : parseRecoveryCode(recoveryCode)
    const vault = opened(await openVault(entry.value, password, code), name, 'the store')
    const form = code === undefined ? entry.value : await localForm(vault, password, argon, random)
    const local = await home.open(skeleton(name))
    try {
      await local.commit({ then: [{ kind: 'put', key: localVaultKey, value: form }] })
      return await enter(local, vault)
    } catch (error) {
      await local.close()
      throw error
    }
  }

  async function enter(local: Store, vault: OpenVault): Promise<Chat> {
    const identity = await Identity.unlock(vault, local)
    await identity.introduce(clock.now())
    return new ChatSession({
      store,
      home: local,
      identity,
      clock,
      random,
      log,
      health,
      release: () => local.close(),
    })
  }

  return {
    identities: () => knownIdentities(home),
    suggestPassphrase: () => generatePassphrase(random),
    weakness: passwordWeakness,
    signUp,
    logIn,
  }
}

/** The identities of a home, most recently used first; for whoever has no store at hand. */
export async function knownIdentities(home: Home): Promise<readonly KnownIdentity[]> {
  const known: KnownIdentity[] = []
  for (const name of await home.names()) {
    const local = await home.open(name)
    try {
      const entry = await readOne(local, identityKey)
      if (entry !== undefined) known.push(readIdentity(entry))
    } finally {
      await local.close()
    }
  }
  return known.sort((a, b) => b.lastUsedAt - a.lastUsedAt || a.name.localeCompare(b.name))
}

function readIdentity({ value }: Entry): KnownIdentity {
  return readLocal('an identity', () => {
    const fields = Fields.decode(value, 3)
    const name = fields.text(userNameCharsMax)
    return { name, fingerprint: fingerprint(fields.fixed(publicKeyBytes)), lastUsedAt: fields.unsigned() }
  })
}

/** @throws what kept the vault shut. */
function opened(outcome: VaultOutcome, name: string, where: string): OpenVault {
  switch (outcome.kind) {
    case 'open':
      return outcome
    case 'wrong-password':
      throw new ConclaveError('wrong-password', `wrong password for ${name}`, {
        hint: 'nothing was changed; try again',
      })
    case 'recovery-code-needed':
      throw new RecoveryCodeNeeded(name)
    case 'damaged':
      throw new ConclaveError('tampering', `the vault of ${name} in ${where} is damaged: ${outcome.reason}`, {
        hint: 'log in on another machine or from the store’s copy with --home of an empty folder',
      })
  }
}
