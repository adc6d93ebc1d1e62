/** New keys for an identity: first the vault, then the registry; its rooms follow one by one. */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
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

/**
 * The store has this identity's present record (OwnName). If this is interrupted, what is there then leads on to the new
 * keys, and is renewed with the next start.
 */
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
  const former = identity.signer
  if (record === undefined || !equalBytes(record.rootKey, former.publicKey)) throw changed()
  await identity.renewKeys(random)
  await identity.introduce(now)
  const value = renewNameRecord(record, former, identity.signer, identity.wrapKey)
  const { ok } = await store.commit({
    if: [sameStoreIdentity(incarnation), { kind: 'revision', key, modRevision: entry?.modRevision ?? 0 }],
    then: [{ kind: 'put', key, value }],
  })
  if (!ok) throw changed()
}

function changed(): ConclaveError {
  return new ConclaveError('unavailable', 'Your name record changed in the store at the same time', {
    hint: 'Try again.',
    retryable: true,
  })
}
