/** New keys for an identity: first the vault, then the registry; its rooms follow one by one. */
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Random } from '../../crypto/random.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { renewNameRecord } from '../../protocol/name-record.ts'
import { userKey } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from './identity.ts'
import { readNameRecord } from './registry.ts'
import { sameStoreIdentity } from '../connection/store-identity.ts'
import { readOne } from '../../store/read-one.ts'

/** If interrupted, the next call continues: a registry that still names a former key is renewed from that one. */
export async function renewRegistered(
  store: Store,
  incarnation: Bytes,
  identity: Identity,
  random: Random,
  now: number,
): Promise<void> {
  const key = userKey(skeleton(identity.name))
  const entry = await readOne(store, key)
  const record = entry && readNameRecord(entry, identity.name)
  if (entry === undefined || record === undefined) {
    throw new ConclaveError('no-such-user', `${identity.name} is not registered in this store`, {
      hint: 'use the store in which you signed up',
    })
  }
  const isCurrent = Buffer.compare(record.rootKey, identity.signer.publicKey) === 0
  if (isCurrent) await identity.renewKeys(random)
  await identity.introduce(now)
  const former = identity.formerSigners.find(({ publicKey }) => Buffer.compare(publicKey, record.rootKey) === 0)
  if (former === undefined) {
    throw new ConclaveError('tampering', `the registry names a key for ${identity.name} that was never yours`, {
      hint: 'tell the others; compare fingerprints with them',
    })
  }
  const value = renewNameRecord(record, former, identity.signer, identity.wrapKey)
  const { ok } = await store.commit({
    if: [sameStoreIdentity(incarnation), { kind: 'revision', key, modRevision: entry.modRevision }],
    then: [{ kind: 'put', key, value }],
  })
  if (!ok) throw new ConclaveError('unavailable', 'the registry changed meanwhile', { retryable: true })
}
