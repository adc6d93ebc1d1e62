/**
 * Restores the metadata of a room that the store has lost: card, directory entry, kept pages of wraps. Any member does
 * it.
 */
import { FormatError } from '../../base/codec.ts'
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { decodeCard, signCard } from '../../protocol/card.ts'
import { knockPublicKey } from '../../protocol/knock.ts'
import { cardKey, directoryKey } from '../../protocol/paths.ts'
import { memberByKey } from '../../protocol/room.ts'
import type { Appending } from '../outbox/append.ts'
import { listing } from '../people/directory.ts'
import type { Identity } from '../identity/identity.ts'
import { sameStoreIdentity } from '../connection/store-identity.ts'
import { restoreWraps } from '../reconcile/restore-missing.ts'
import { readOne } from '../../store/read-one.ts'

export async function restoreMetadata(parts: Appending, identity: Identity, signal?: AbortSignal): Promise<void> {
  const { room } = parts.log
  if (room === undefined || memberByKey(room, identity.signer.publicKey) === undefined) return
  await restoreCard(parts, identity, signal)
  const { store, roomId, incarnation, log } = parts
  for (const name of await log.keys.wraps.names()) {
    if (!room.openings.some((opening) => opening !== undefined && equalBytes(opening.wraps, name))) continue
    await restoreWraps({ store, roomId, wraps: log.keys.wraps, incarnation }, name, signal)
  }
  if (!room.policy.listed || room.policy.kind === 'pair') return
  const key = directoryKey(skeleton(room.name))
  if ((await readOne(parts.store, key, signal)) !== undefined) return
  await parts.store.commit(
    {
      if: [sameStoreIdentity(await parts.incarnation.known()), { kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: listing({ roomId: room.id, name: room.name }) }],
    },
    signal,
  )
}

/** Signed by this identity: a card only claims that some member signed it. */
async function restoreCard({ store, incarnation, log }: Appending, identity: Identity, signal?: AbortSignal) {
  const { room } = log
  const opening = room?.openings.get(room.epoch)
  const keys = log.state.keyring.get(opening)
  const mark = opening && room?.marks.get(opening.n)
  if (room === undefined || opening === undefined || keys === undefined || mark === undefined) return
  const key = cardKey(room.id)
  const entry = await readOne(store, key, signal)
  if (entry !== undefined && cardNumber(room.id, entry.value) >= opening.n) return
  const knockKey = await knockPublicKey(keys)
  const card = { roomId: room.id, name: room.name, n: opening.n, epoch: room.epoch, head: mark.hash, knockKey }
  await store.commit(
    {
      if: [
        sameStoreIdentity(await incarnation.known()),
        { kind: 'revision', key, modRevision: entry?.modRevision ?? 0 },
      ],
      then: [{ kind: 'put', key, value: signCard(identity.signer, card) }],
    },
    signal,
  )
}

function cardNumber(roomId: Bytes, value: Bytes): number {
  try {
    return decodeCard(roomId, value).n
  } catch (error) {
    if (error instanceof FormatError) return -1
    throw error
  }
}
