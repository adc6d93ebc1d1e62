/** Names of people in the store: a hint for finding keys, first come, first served. */
import { FormatError } from '../../base/codec.ts'
import { ConclaveError, storeConflict } from '../../base/errors.ts'
import type { Bytes } from '../../base/bytes.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { decodeNameRecord, type NameRecord } from '../../protocol/name-record.ts'
import { userKey, vaultKey } from '../../protocol/paths.ts'
import { sameStoreIdentity } from '../connection/store-identity.ts'
import { readOne } from '../../store/read-one.ts'
import type { Entry, Store } from '../../store/store.ts'

/** undefined when the name is free. @throws tampering for an invalid record */
export async function lookUpName(store: Store, name: string, signal?: AbortSignal): Promise<NameRecord | undefined> {
  const entry = await readOne(store, userKey(skeleton(name)), signal)
  return entry && readNameRecord(entry, name)
}

/** @throws tampering for an invalid record */
export function readNameRecord({ value }: Entry, name: string): NameRecord {
  try {
    return decodeNameRecord(value, name)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new ConclaveError('tampering', `The name record of ${name} is damaged or forged`, { cause: error })
  }
}

/**
 * Creates the name record, and the store's copy of the vault with it, unless the name or a lookalike is taken. Finding
 * this very record there is success: the reply to an earlier attempt was lost. @throws name-taken
 */
export async function registerName(
  store: Store,
  incarnation: Bytes,
  name: string,
  record: Bytes,
  vault: Bytes,
): Promise<void> {
  const key = userKey(skeleton(name))
  const { ok, reads } = await store.commit({
    if: [sameStoreIdentity(incarnation), { kind: 'revision', key, modRevision: 0 }],
    then: [
      { kind: 'put', key, value: record },
      { kind: 'put', key: vaultKey(skeleton(name)), value: vault },
    ],
    else: [{ kind: 'read', key }],
  })
  const standing = reads[0]?.[0]?.value
  if (ok || (standing !== undefined && Buffer.compare(standing, record) === 0)) return
  if (standing === undefined) throw storeConflict()
  throw nameTaken(name)
}

export function nameTaken(name: string): ConclaveError {
  return new ConclaveError('name-taken', `The name ${name}, or one that looks like it, is taken`, {
    hint: 'Choose another name. If it is yours, log in.',
  })
}
