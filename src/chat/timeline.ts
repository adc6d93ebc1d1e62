/** Pages of a room's history, out of the replica. */
import { setImmediate as turn } from 'node:timers/promises'
import { sliceMs } from '../base/limits.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { HistoryPage, HistoryQuery } from './chat.ts'
import type { TimelineItem } from './item.ts'
import { itemsOf, type Viewer } from './items.ts'
import type { Filed } from './ledger.ts'
import { hashOfRow, type Row } from './replica.ts'
import type { RoomLog } from './room-log.ts'

/** Items of whole records: where messages were sent together, a page holds a few more than asked for. */
export async function historyPage(log: RoomLog, viewer: Viewer, query: HistoryQuery): Promise<HistoryPage> {
  const { next } = log.ledger.checkpoint
  if (query.fromIndex !== undefined) return oldest(log, viewer, query.fromIndex, next, query.limit)
  if (query.fromSeq === undefined) return newest(log, viewer, Math.min(query.before ?? next, next), query.limit)
  const { fromSeq } = query
  // From the first message on everything is shown from the beginning of the room.
  if (fromSeq <= 1) return oldest(log, viewer, 0, next, query.limit)
  if (fromSeq >= log.ledger.checkpoint.seq) return { items: [], more: false }
  return oldest(log, viewer, await log.replica.indexOfSeq(fromSeq, next), next, query.limit, fromSeq)
}

async function newest(log: RoomLog, viewer: Viewer, before: number, limit: number): Promise<HistoryPage> {
  let items: readonly TimelineItem[] = []
  let at = before
  while (at > 0 && items.length < limit) {
    const from = Math.max(0, at - Math.max(16, limit - items.length))
    const page = await itemsBetween(log, viewer, from, at)
    // Keeps the newest records that are needed, whole.
    const needed = limit - items.length
    const cut = page.length <= needed ? 0 : wholeFrom(page, page.length - needed)
    items = [...page.slice(cut), ...items]
    if (cut > 0) return { items, more: true }
    at = from
  }
  return { items, more: at > 0 }
}

/** With `fromSeq` the messages before it, which share its record, are left out. */
async function oldest(
  log: RoomLog,
  viewer: Viewer,
  from: number,
  next: number,
  limit: number,
  fromSeq = 0,
): Promise<HistoryPage> {
  const items: TimelineItem[] = []
  let at = from
  while (at < next && items.length < limit) {
    const to = Math.min(next, at + Math.max(16, limit - items.length))
    const page = await itemsBetween(log, viewer, at, to)
    for (const item of page) {
      if (item.kind === 'message' && item.seq < fromSeq) continue
      const last = items.at(-1)
      if (items.length >= limit && last?.i !== item.i) return { items, more: true }
      items.push(item)
    }
    at = to
  }
  return { items, more: at < next }
}

/** The first position at or before `at` at which a record begins. */
function wholeFrom(items: readonly TimelineItem[], at: number): number {
  let from = at
  while (from > 0 && items[from - 1]?.i === items[from]?.i) from -= 1
  return from
}

/** Everything shown of the records with from ≤ i < to. */
export async function itemsBetween(
  log: RoomLog,
  viewer: Viewer,
  from: number,
  to: number,
): Promise<readonly TimelineItem[]> {
  const { room } = log
  if (room === undefined) return []
  const cached = log.recent(from)
  if (cached !== undefined) {
    const filed: Filed[] = []
    for (let i = from; i < to; i += 1) {
      const one = log.recent(i)
      if (one !== undefined) filed.push(one)
    }
    return filed.flatMap((one) => itemsOf(room, one, viewer))
  }
  const rows = await log.replica.rows(Math.max(0, from - 1), to, to - from + 1)
  let previous: Row | undefined
  const items: TimelineItem[] = []
  let sliceEnds = performance.now() + sliceMs
  for (const row of rows) {
    if (performance.now() > sliceEnds) {
      await turn()
      sliceEnds = performance.now() + sliceMs
    }
    if (row.i >= from) {
      const previousHash = previous === undefined ? zeroHash : hashOfRow(previous)
      const judgement = log.ledger.review(row, previousHash)
      items.push(...itemsOf(room, { row, judgement, place: { i: row.i, previousHash, hash: zeroHash } }, viewer))
    }
    previous = row
  }
  return items
}
