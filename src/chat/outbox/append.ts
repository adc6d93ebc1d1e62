/**
 * Appends one record to a room's log, by compare-and-swap: the store's incarnation is the known one, nothing is at the
 * index or behind it, and the record before is exactly the one that was read and judged. So there is one order, and an
 * acknowledged record stays.
 */
import type { Bytes } from '../../base/bytes.ts'
import { storeOperationsMax, winnersRead } from '../../base/limits.ts'
import { incarnationKey, logKey } from '../../protocol/paths.ts'
import type { Compare, Operation, Store } from '../../store/store.ts'
import { sameStoreIdentity, type StoreIdentity } from '../connection/store-identity.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface Appending {
  readonly store: Store
  readonly roomId: Bytes
  readonly incarnation: StoreIdentity
  readonly log: RoomLog
}

/** What else happens in the transaction. */
export interface ExtraOperations {
  readonly compares?: readonly Compare[]
  readonly operations?: readonly Operation[]
}

/**
 * True once the record is at `i` and has been read back; false when another took its place (which has been read by
 * then). @throws `unavailable` when the outcome is unknown.
 */
export async function append(
  { store, roomId, incarnation, log }: Appending,
  i: number,
  record: Bytes,
  along: ExtraOperations = {},
  signal?: AbortSignal,
): Promise<boolean> {
  if (log.end.revision === undefined && i > 0) await log.catchUp(signal)
  if (log.writeBlocker !== undefined) await log.catchUp(signal)
  if (log.writeBlocker !== undefined) throw log.writeBlocker
  const known = await incarnation.known()
  const { i: end, revision } = log.end
  if (end !== i || (revision === undefined && i > 0)) return false
  const key = logKey(roomId, i)
  const before: Compare[] =
    i === 0 ? [] : [{ kind: 'revision', key: logKey(roomId, i - 1), modRevision: revision as number }]
  const { ok, reads, ...result } = await store.commit(
    {
      if: [
        sameStoreIdentity(known),
        { kind: 'empty', key, end: logKey(roomId, i + storeOperationsMax + 1) },
        ...before,
        ...(along.compares ?? []),
      ],
      then: [{ kind: 'put', key, value: record }, ...(along.operations ?? [])],
      else: [
        { kind: 'read', key: incarnationKey },
        {
          kind: 'read',
          key: logKey(roomId, Math.max(0, i - 1)),
          end: logKey(roomId, i + 1 + winnersRead),
          limit: winnersRead,
        },
      ],
    },
    signal,
  )
  if (ok) {
    const at = { createRevision: result.revision, modRevision: result.revision }
    await log.offer([{ key, value: record, ...at }], signal)
    return true
  }
  const [life, found] = reads
  incarnation.found(life?.[0]?.value)
  await log.offer(found ?? [], signal)
  // No other record is there: the one before is gone, or at another revision.
  if (log.end.i === i) await log.catchUp(signal)
  return false
}
