/** Finds where a room's log ends by probing instead of reading: a log has no gaps. */
import type { Bytes } from '../../base/bytes.ts'
import { storeOperationsMax } from '../../base/limits.ts'
import { logKey } from '../../protocol/paths.ts'
import type { Operation, Revision, Store } from '../../store/store.ts'

/** Probes of the first round, at powers of two: beyond the length of any log. */
const doublings = 40

export interface LogEnd {
  /** Index of the next record. */
  readonly end: number
  /** The revision at which nothing was there yet. */
  readonly revision: Revision
}

/**
 * The first empty index from `from` on: one transaction of point reads narrows a million records down to four thousand,
 * the next to thirty. In a log with a hole, or with junk keys behind its end, it may be the end of another run.
 */
export async function findLogEnd(store: Store, roomId: Bytes, from: number, signal?: AbortSignal): Promise<LogEnd> {
  let low = from
  let high = Infinity
  let first: Revision | undefined
  let probes = Array.from({ length: doublings }, (_, k) => from + 2 ** k - 1)
  for (;;) {
    const then = probes.map((i): Operation => ({ kind: 'read', key: logKey(roomId, i), keysOnly: true }))
    const { reads, revision } = await store.commit({ then }, signal)
    // A slot empty in an early round may be filled by the last.
    first ??= revision
    const empty = reads.findIndex((found) => found.length === 0)
    if (empty >= 0) high = probes[empty] as number
    if (empty !== 0) low = (probes.at(empty < 0 ? -1 : empty - 1) as number) + 1
    // A key at every power of two is no log.
    if (low >= high || high === Infinity) return { end: low, revision: first }
    const step = Math.ceil((high - low) / storeOperationsMax)
    probes = []
    for (let i = low + step - 1; i < high; i += step) probes.push(i)
  }
}
