/**
 * Changes the passphrase of an identity of this home. The secrets to write down are announced before anything changes;
 * then one transaction of the home puts the vault under the new passphrase, and the copy in the store follows. If
 * interrupted anywhere, the old or the new passphrase opens the home, and the next start finishes.
 */
import { ConclaveError, storeConflict } from '../../base/errors.ts'
import type { Random } from '../../crypto/random.ts'
import type { Bytes } from '../../base/bytes.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import { formatRecoveryCode, generateRecoveryCode, parseRecoveryCode } from '../../crypto/recovery-code.ts'
import type { ArgonParameters } from '../../crypto/password.ts'
import { signerFromSeed } from '../../crypto/sign.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { mergeVaultBodies } from '../../crypto/vault-merge.ts'
import {
  createVault,
  localForm,
  openVault,
  resealVault,
  type CreatedVault,
  type NewVault,
  type OpenVault,
} from '../../crypto/vault.ts'
import { vaultKey } from '../../protocol/paths.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { ChangePassword, PasswordChanged, Secret } from '../accounts.ts'
import { localKeysKey, localVaultKey, passwordChangeKey } from '../home/local-paths.ts'
import { readLocalKeys, renewLocalKeys, settleLocalKeys } from '../home/local-seal.ts'
import { readOne } from '../../store/read-one.ts'
import { keepRecoveryCode } from './recovery-code.ts'
import { followCopy, putChange, readVault } from './vault-copy.ts'
import { opened } from './vault-outcome.ts'

export interface PasswordParts {
  readonly store: Store
  /** The identity's own store in the home. */
  readonly home: Store
  readonly argon: ArgonParameters
  readonly random: Random
}

const triesMax = 20

/** `vault` was opened with the old passphrase. @throws unavailable, wrong-password: nothing was changed */
export async function changePassword(
  parts: PasswordParts,
  vault: OpenVault,
  { choose, announce, replaceCopy = false }: Pick<ChangePassword, 'choose' | 'announce' | 'replaceCopy'>,
): Promise<PasswordChanged> {
  const { store, home, argon, random } = parts
  const { name, dataKey } = vault
  await settleLocalKeys(
    home,
    dataKey,
    vault.body.rooms.map(({ roomId }) => roomId),
    random,
  )
  // Also takes over changes by other homes, and finishes an earlier change.
  const { standing } = await followCopy({ store, home, name, dataKey, random })
  const elsewhere = standing === 'changed-elsewhere' && !replaceCopy
  const self = { name, fingerprint: fingerprint(signerFromSeed(vault.body.rootSeed).publicKey) }
  const wanted = await choose({ elsewhere })
  if (elsewhere) {
    const theirs = await takeOver(parts, vault, wanted.password, wanted.recoveryCode)
    return { self, copied: await follow(parts, theirs), takenOver: true }
  }
  const { opened: current } = await readVault(home, dataKey)
  const { body, sequence } = current
  const code = wanted.chosen ? generateRecoveryCode(random) : undefined
  const base = { name, body, sequence: sequence + 1, password: wanted.password, argon }
  const request: NewVault =
    code === undefined ? { ...base, protection: 'generated' } : { ...base, protection: 'chosen', recoveryCode: code }
  const fresh = await createVault(request, random)
  const secret: Secret = code === undefined ? { self } : { self, recoveryCode: formatRecoveryCode(code) }
  await announce(secret)
  return { self, copied: await putPassword(parts, vault, fresh, { code, replaces: replaceCopy }), takenOver: false }
}

/**
 * Puts `vault` under the passphrase that `fresh` was made with, and under `code` on other machines.
 *
 * @returns whether the copy in the store is under it too
 */
export async function putPassword(
  parts: PasswordParts,
  vault: OpenVault,
  fresh: CreatedVault,
  { code, replaces = false }: { readonly code: Bytes | undefined; readonly replaces?: boolean },
): Promise<boolean> {
  const { random } = parts
  const { name, dataKey: formerKey } = vault
  const { local, store: form, dataKey } = fresh
  await commitVault(parts, vault, dataKey, (now) => ({
    vault: resealVault(local, dataKey, now.body, { sequence: now.sequence + 2, random }),
    also: [putChange({ formerKey, form, replaces }, dataKey, random), keepRecoveryCode(code, dataKey, random)],
  }))
  return follow(parts, { name, dataKey })
}

/** The passphrase was changed on another machine: with the new one, that machine's vault becomes this home's too. */
async function takeOver(
  parts: PasswordParts,
  vault: OpenVault,
  password: string,
  recoveryCode: string | undefined,
): Promise<OpenVault> {
  const { store, argon, random } = parts
  const entry = await readOne(store, vaultKey(skeleton(vault.name)))
  const code = recoveryCode === undefined ? undefined : parseRecoveryCode(recoveryCode)
  if (entry === undefined) throw storeConflict()
  const theirs = opened(await openVault(entry.value, password, code), vault.name, 'the store')
  const form = await localForm(theirs, password, argon, random)
  await commitVault(parts, vault, theirs.dataKey, (now) => ({
    vault: resealVault(form, theirs.dataKey, mergeVaultBodies(now.body, theirs.body), {
      sequence: Math.max(now.sequence, theirs.sequence) + 1,
      random,
    }),
    also: [{ kind: 'delete', key: passwordChangeKey }, keepRecoveryCode(code, theirs.dataKey, random)],
  }))
  return theirs
}

/**
 * The one step that counts: moves the vault, and the keys of what lies beside it, from one data key to the other. Other
 * programs of this home may change the vault concurrently: their changes are included.
 */
async function commitVault(
  { home, random }: PasswordParts,
  { name, dataKey: former }: OpenVault,
  dataKey: OpenVault['dataKey'],
  make: (now: OpenVault) => { readonly vault: Uint8Array | undefined; readonly also: readonly Operation[] },
): Promise<void> {
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const { entry, opened: now } = await readVault(home, former)
    const keysEntry = await readOne(home, localKeysKey)
    const local = renewLocalKeys(await readLocalKeys(home, former), dataKey, random)
    const { vault, also } = make(now)
    if (vault === undefined) throw new ConclaveError('unexpected', `Could not encrypt the vault of ${name}`)
    const { ok } = await home.commit({
      if: [
        { kind: 'revision', key: localVaultKey, modRevision: entry.modRevision },
        { kind: 'revision', key: localKeysKey, modRevision: keysEntry?.modRevision ?? 0 },
      ],
      then: [{ kind: 'put', key: localVaultKey, value: vault }, local.put, ...also],
    })
    if (!ok) continue
    const roomIds = now.body.rooms.map(({ roomId }) => roomId)
    // If interrupted, the next start finishes it.
    return settleLocalKeys(home, dataKey, roomIds, random).catch(() => undefined)
  }
  throw new ConclaveError('unavailable', 'The vault in this home is busy', { retryable: true })
}

/** Whether the copy in the store is under the new passphrase too. The next start retries what fails here. */
async function follow(
  { store, home, random }: PasswordParts,
  { name, dataKey }: Pick<OpenVault, 'name' | 'dataKey'>,
): Promise<boolean> {
  try {
    return (await followCopy({ store, home, name, dataKey, random })).standing === 'in-step'
  } catch {
    return false
  }
}
