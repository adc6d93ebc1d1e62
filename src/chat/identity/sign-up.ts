/**
 * Signing up: the vault is stored in the home, the secrets to write down are announced, then the name is claimed in the
 * store together with the vault's copy. Crash-safe: either the name is free, or the person who was shown its secret can
 * log in with it, which finishes the sign-up.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import type { ArgonParameters } from '../../crypto/password.ts'
import type { Random } from '../../crypto/random.ts'
import { formatRecoveryCode, generateRecoveryCode } from '../../crypto/recovery-code.ts'
import { seedBytes, signerFromSeed } from '../../crypto/sign.ts'
import type { VaultBody } from '../../crypto/vault-body.ts'
import { createVault, openVault, type CreatedVault, type OpenVault } from '../../crypto/vault.ts'
import { unwrapperFromSeed, wrapSeedBytes } from '../../crypto/wrap.ts'
import { createNameRecord } from '../../protocol/name-record.ts'
import type { Entry, Store } from '../../store/store.ts'
import type { Secret, SignUp } from '../accounts.ts'
import { putPassword } from './change-password.ts'
import { readIncarnation } from '../connection/store-identity.ts'
import { identityKey, localVaultKey, recoveryCodeKey } from '../home/local-paths.ts'
import { readOne } from '../../store/read-one.ts'
import { keepRecoveryCode } from './recovery-code.ts'
import { lookUpName, nameTaken, registerName } from './registry.ts'

export interface SignUpParts {
  readonly store: Store
  /** The identity's own store in the home. */
  readonly home: Store
  readonly argon: ArgonParameters
  readonly random: Random
}

export interface Registered {
  readonly vault: OpenVault
  readonly recoveryCode?: string
}

/** @throws name-taken, and whatever `announce` rejects with: the name was not claimed by then */
export async function registerIdentity(parts: SignUpParts, request: SignUp): Promise<Registered> {
  const { store, home, argon, random } = parts
  const { name, password, chosen } = request
  if ((await readOne(home, identityKey)) !== undefined) throw nameTaken(name)
  const incarnation = await readIncarnation(store, random)
  const registered = await lookUpName(store, name)
  const pending = await readOne(home, localVaultKey)
  const outcome = pending && (await openVault(pending.value, password))
  const begun = outcome?.kind === 'open' ? outcome : undefined
  const claimed = registered !== undefined && begun !== undefined && isOwn(begun.body, registered.rootKey)
  if (registered !== undefined && !claimed) throw nameTaken(name)

  const code = chosen ? generateRecoveryCode(random) : undefined
  const body = begun?.body ?? newBody(random)
  const self = { name, fingerprint: fingerprint(signerFromSeed(body.rootSeed).publicKey) }
  const secret: Secret = code === undefined ? { self } : { self, recoveryCode: formatRecoveryCode(code) }
  if (claimed && code === undefined) {
    await request.announce?.(secret)
    return { vault: begun }
  }
  const sequence = (begun?.sequence ?? 0) + 1
  const base = { name, body, sequence, password, argon }
  const fresh = await createVault(
    code === undefined ? { ...base, protection: 'generated' } : { ...base, protection: 'chosen', recoveryCode: code },
    random,
  )
  await request.announce?.(secret)
  if (claimed) await putPassword(parts, begun, fresh, { code })
  else await claimAnew(parts, incarnation, { name, body, fresh, code })
  const { dataKey } = fresh
  const protection = chosen ? 'chosen' : 'generated'
  const vault = { kind: 'open', name, sequence, protection, dataKey, body } as const
  return secret.recoveryCode === undefined ? { vault } : { vault, recoveryCode: secret.recoveryCode }
}

/**
 * Logging in after an interrupted sign-up: returns its vault if the name is theirs, and claims a name that is still
 * free, since they were shown its passphrase. undefined: someone else took the name, so they are who is logging in.
 */
export async function finishSignUp(
  { store, random }: SignUpParts,
  vault: Entry,
  name: string,
  password: string,
): Promise<OpenVault | undefined> {
  const outcome = await openVault(vault.value, password)
  if (outcome.kind !== 'open') return undefined
  const registered = await lookUpName(store, name)
  if (registered !== undefined) return isOwn(outcome.body, registered.rootKey) ? outcome : undefined
  if (outcome.protection === 'chosen') {
    throw new ConclaveError('no-such-user', `The sign-up of ${name} was interrupted before the name was claimed`, {
      hint: ['To continue, sign up again with the same passphrase (', command('signup', name), ').'],
    })
  }
  await claim(store, await readIncarnation(store, random), name, outcome.body, vault.value)
  return outcome
}

interface NewIdentity {
  readonly name: string
  readonly body: VaultBody
  readonly fresh: CreatedVault
  readonly code: Bytes | undefined
}

async function claimAnew(
  { store, home, random }: SignUpParts,
  incarnation: Bytes,
  { name, body, fresh, code }: NewIdentity,
): Promise<void> {
  const keep = keepRecoveryCode(code, fresh.dataKey, random)
  const { revision } = await home.commit({ then: [{ kind: 'put', key: localVaultKey, value: fresh.local }, keep] })
  try {
    await claim(store, incarnation, name, body, fresh.store)
  } catch (error) {
    // A vault that never had the name must not lock out its owner.
    if (isConclaveError(error, 'name-taken')) {
      await home.commit({
        if: [{ kind: 'revision', key: localVaultKey, modRevision: revision }],
        then: [
          { kind: 'delete', key: localVaultKey },
          { kind: 'delete', key: recoveryCodeKey },
        ],
      })
    }
    throw error
  }
}

function newBody(random: Random): VaultBody {
  return {
    rootSeed: random(seedBytes),
    formerRootSeeds: [],
    wrapSeeds: [random(wrapSeedBytes)],
    generation: 0,
    rooms: [],
    pins: [],
    secrets: [],
  }
}

function isOwn({ rootSeed }: VaultBody, rootKey: Bytes): boolean {
  return equalBytes(signerFromSeed(rootSeed).publicKey, rootKey)
}

async function claim(store: Store, incarnation: Bytes, name: string, body: VaultBody, copy: Bytes): Promise<void> {
  const { publicKey: wrapKey } = await unwrapperFromSeed(body.wrapSeeds[0] as Bytes)
  const record = createNameRecord(name, signerFromSeed(body.rootSeed), wrapKey)
  await registerName(store, incarnation, name, record, copy)
}
