/** Signing up and logging in, on one home and one store. */
import { systemClock, type Clock } from '../base/clock.ts'
import { encode, Fields } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { command } from '../base/hint.ts'
import { userNameCharsMax } from '../base/limits.ts'
import { silentLogger, type Logger } from '../base/log.ts'
import { fingerprint } from '../crypto/fingerprint.ts'
import { generatePassphrase } from '../crypto/passphrase.ts'
import { argonDefault, argonFloor } from '../crypto/password.ts'
import { systemRandom, type Random } from '../crypto/random.ts'
import { parseRecoveryCode } from '../crypto/recovery-code.ts'
import { publicKeyBytes, signerFromSeed } from '../crypto/sign.ts'
import { checkUserName, skeleton } from '../crypto/skeleton.ts'
import { localForm, openVault, openVaultWithKey, type OpenVault } from '../crypto/vault.ts'
import { passwordWeakness } from '../crypto/password-strength.ts'
import { vaultKey } from '../protocol/paths.ts'
import type { Entry, Store } from '../store/store.ts'
import type {
  Accounts,
  ChangePassword,
  KnownIdentity,
  LogIn,
  NewPassword,
  PasswordChanged,
  SignedUp,
  SignUp,
  UnlockedIdentity,
} from './accounts.ts'
import { changePassword } from './identity/change-password.ts'
import { keepRecoveryCode, keptRecoveryCode } from './identity/recovery-code.ts'
import { finishSignUp, registerIdentity } from './identity/sign-up.ts'
import type { Chat } from './chat.ts'
import { ChatSession, type ChatParts } from './chat-session.ts'
import type { Home, HomeStore } from './home/home.ts'
import { Identity } from './identity/identity.ts'
import { copiedAtKey, identityKey, localVaultKey } from './home/local-paths.ts'
import { readLocal } from './home/local-value.ts'
import { readOne } from '../store/read-one.ts'
import { steadyHealth, type StoreHealth } from './connection/store-health.ts'
import { opened } from './identity/vault-outcome.ts'

export interface AccountsOptions {
  readonly home: Home
  readonly store: Store
  /** Describes the store in a status line. */
  readonly health?: StoreHealth
  /** The cost of deriving a passphrase's key. `floor` is for tests. */
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

  async function signUp(request: SignUp): Promise<SignedUp> {
    const { name } = request
    checkUserName(name)
    await checkStrength(request, name)
    const local = await home.open(skeleton(name))
    try {
      const { vault, recoveryCode } = await registerIdentity({ store, home: local, argon, random }, request)
      const chat = await enter(local, vault)
      return recoveryCode === undefined ? { chat } : { chat, recoveryCode }
    } catch (error) {
      await local.close()
      throw error
    }
  }

  async function logIn({ name, password, recoveryCode }: LogIn): Promise<Chat> {
    checkUserName(name)
    const here = (await home.names()).includes(skeleton(name))
    const local = here ? await home.open(skeleton(name)) : undefined
    try {
      const vault = local && (await vaultHere(local, name, password))
      if (local !== undefined && vault !== undefined) return await enter(local, vault)
    } catch (error) {
      await local?.close()
      throw error
    }
    await local?.close()
    return logInFromStore(name, password, recoveryCode)
  }

  /** undefined if this home has none, or only the remains of a failed sign-up. */
  async function vaultHere(local: Store, name: string, password: string): Promise<OpenVault | undefined> {
    const entry = await readOne(local, localVaultKey)
    if (entry === undefined) return undefined
    if ((await readOne(local, identityKey)) === undefined) {
      return finishSignUp({ store, home: local, argon, random }, entry, name, password)
    }
    return opened(await openVault(entry.value, password), name, 'this home')
  }

  async function logInFromStore(name: string, password: string, recoveryCode: string | undefined): Promise<Chat> {
    const entry = await readOne(store, vaultKey(skeleton(name)))
    if (entry === undefined) {
      throw new ConclaveError('no-such-user', `No account named "${name}" in this store.`, {
        hint: ['Check the spelling, or sign up (', command('signup', name), ').'],
      })
    }
    const code = recoveryCode === undefined ? undefined : parseRecoveryCode(recoveryCode)
    const vault = opened(await openVault(entry.value, password, code), name, 'the store')
    const form = code === undefined ? entry.value : await localForm(vault, password, argon, random)
    const local = await home.open(skeleton(name))
    try {
      await local.commit({
        then: [
          { kind: 'put', key: localVaultKey, value: form },
          { kind: 'put', key: copiedAtKey, value: encode(clock.now()) },
          keepRecoveryCode(code, vault.dataKey, random),
        ],
      })
      return await enter(local, vault, { fetched: vault.body })
    } catch (error) {
      await local.close()
      throw error
    }
  }

  /** The caller has to close the result. @throws no-such-user, also for an unfinished sign-up here */
  async function openHere(name: string): Promise<{ readonly local: Store; readonly vault: Entry }> {
    checkUserName(name)
    const here = (await home.names()).includes(skeleton(name))
    const local = here ? await home.open(skeleton(name)) : undefined
    try {
      const vault = local && (await readOne(local, localVaultKey))
      if (local !== undefined && vault !== undefined && (await readOne(local, identityKey)) !== undefined) {
        return { local, vault }
      }
      throw new ConclaveError('no-such-user', `There is no identity "${name}" in this home`, {
        hint: ['Log in first (', command('login', name), ').'],
      })
    } catch (error) {
      await local?.close()
      throw error
    }
  }

  async function change(request: ChangePassword): Promise<PasswordChanged> {
    const { name, password } = request
    const { local, vault } = await openHere(name)
    try {
      const former = opened(await openVault(vault.value, password), name, 'this home')
      return await changePassword({ store, home: local, argon, random }, former, {
        announce: (secret) => request.announce(secret),
        replaceCopy: request.replaceCopy === true,
        choose: async (situation) => {
          const wanted = await request.choose(situation)
          if (!situation.elsewhere) await checkStrength(wanted, name)
          return wanted
        },
      })
    } finally {
      await local.close()
    }
  }

  async function unlock({ name, password }: LogIn): Promise<UnlockedIdentity> {
    const { local, vault } = await openHere(name)
    try {
      const { dataKey, body, name: spelled } = opened(await openVault(vault.value, password), name, 'this home')
      const { publicKey } = signerFromSeed(body.rootSeed)
      return { self: { name: spelled, fingerprint: fingerprint(publicKey) }, key: dataKey }
    } finally {
      await local.close()
    }
  }

  async function recoveryCode({ name, password }: LogIn): Promise<string> {
    const { local, vault } = await openHere(name)
    try {
      const { dataKey, protection } = opened(await openVault(vault.value, password), name, 'this home')
      const code = await keptRecoveryCode(local, dataKey, random)
      if (code !== undefined) return code
      if (protection === 'generated') {
        throw new ConclaveError('usage', `${name} has no recovery code: the six words of the passphrase are enough`)
      }
      throw new ConclaveError('unavailable', `This home has never had the recovery code of ${name}`, {
        hint: [
          'Ask for it on the machine where the passphrase was set, or set a new one here (',
          command('passwd'),
          ').',
        ],
      })
    } finally {
      await local.close()
    }
  }

  async function logInUnlocked({ name, key }: { readonly name: string; readonly key: Uint8Array }): Promise<Chat> {
    const { local, vault } = await openHere(name)
    try {
      const open = openVaultWithKey(vault.value, Uint8Array.from(key))
      if (open.kind === 'open') return await enter(local, open)
      const what = `${name} was unlocked with a former passphrase, or in another home`
      throw new ConclaveError('wrong-password', what, {
        hint: ['Unlock again with the current passphrase (', command('unlock'), ').'],
      })
    } catch (error) {
      await local.close()
      throw error
    }
  }

  async function enter(local: HomeStore, vault: OpenVault, fetched: Pick<ChatParts, 'fetched'> = {}): Promise<Chat> {
    const identity = await Identity.unlock(vault, local, random)
    await identity.introduce(clock.now())
    return new ChatSession({
      store,
      home: local,
      identity,
      clock,
      random,
      log,
      health,
      ...fetched,
      release: () => local.close(),
    })
  }

  return {
    identities: () => knownIdentities(home),
    suggestPassphrase: () => generatePassphrase(random),
    weakness: passwordWeakness,
    signUp,
    changePassword: change,
    logIn,
    recoveryCode,
    unlock,
    logInUnlocked,
  }
}

/** @throws usage */
async function checkStrength({ password, chosen }: NewPassword, name: string): Promise<void> {
  const fault = chosen ? await passwordWeakness(password, name) : undefined
  if (fault === undefined) return
  throw new ConclaveError('usage', `This passphrase is too weak. ${fault}`, {
    hint: 'Choose a longer one, or give none to have six random words generated.',
  })
}

/** The identities of a home, most recently used first; for callers without a store. `only`: of this name. */
export async function knownIdentities(home: Home, only?: string): Promise<readonly KnownIdentity[]> {
  const known: KnownIdentity[] = []
  for (const name of await home.names()) {
    if (only !== undefined && name !== skeleton(only)) continue
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
