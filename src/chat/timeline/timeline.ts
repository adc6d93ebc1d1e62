/** Pages of a room's history: from the replica, or early ones from a preview of the log's newest end. */
import { isConclaveError } from '../../base/errors.ts'
import { divergedItemsMax } from '../../base/limits.ts'
import type { Room } from '../../protocol/room.ts'
import type { HistoryPage, HistoryQuery } from '../chat.ts'
import type { LostItem, TimelineItem } from '../item.ts'
import { itemsOf, type Viewer } from './items.ts'
import type { AppliedRecord } from '../replay/log-state.ts'
import type { DivergedRecords } from '../reconcile/diverged-records.ts'
import type { RoomLog } from '../log/room-log.ts'

/** Of a page, whatever they hold. */
const recordsAtFirst = 16

/** A run of judged records that pages are made of. */
export interface Records {
  readonly room: Room | undefined
  /** Index behind the last one. */
  readonly end: number
  /** Those with from ≤ i < to, in order. */
  between(from: number, to: number): Promise<readonly AppliedRecord[]>
  /** What was among them before the store was rolled back. */
  readonly diverged?: DivergedRecords
}

/** Items of whole records: where messages were sent together, a page holds a few more than asked for. */
export async function historyPage(log: RoomLog, viewer: Viewer, query: HistoryQuery): Promise<HistoryPage> {
  const { preview } = log
  const { before, limit, fromIndex, fromSeq } = query
  const forward = fromIndex !== undefined || fromSeq !== undefined
  if (preview !== undefined && query.early === true && !forward) {
    return newest(preview, viewer, Math.min(before ?? preview.end, preview.end), limit)
  }
  await wholeLog(log)
  const records = replicaRecords(log)
  const { next, seq } = log.state.checkpoint
  if (fromIndex !== undefined) return oldest(records, viewer, fromIndex, limit)
  if (fromSeq === undefined) return newest(records, viewer, Math.min(before ?? next, next), limit)
  // From the first message on: show everything from the beginning of the room.
  if (fromSeq <= 1) return oldest(records, viewer, 0, limit)
  if (fromSeq >= seq) return { items: [], more: false }
  return oldest(records, viewer, await log.replica.indexOfSeq(fromSeq, next), limit, fromSeq)
}

/** While the local copy is incomplete, the rest is on its way; if the store is lost before it arrives, this has to do. */
export async function wholeLog(log: RoomLog): Promise<void> {
  if (log.preview !== undefined) await log.catchUp().catch(unlessUnavailable)
}

function unlessUnavailable(error: unknown): void {
  if (!isConclaveError(error) || !error.retryable) throw error
}

async function newest(records: Records, viewer: Viewer, before: number, limit: number): Promise<HistoryPage> {
  let items: readonly TimelineItem[] = []
  let at = before
  while (at > 0 && items.length < limit) {
    const from = Math.max(0, at - recordsFor(limit - items.length, items.length, before - at))
    const page = await itemsBetween(records, viewer, from, at)
    // Keeps the newest records that are needed, whole.
    const needed = limit - items.length
    const cut = page.length <= needed ? 0 : wholeFrom(page, page.length - needed)
    items = [...page.slice(cut), ...items]
    if (cut > 0) return { items, more: true }
    at = from
  }
  return { items, more: at > 0 }
}

/** With `fromSeq`, the messages before it that share its record are left out. */
async function oldest(
  records: Records,
  viewer: Viewer,
  from: number,
  limit: number,
  fromSeq = 0,
): Promise<HistoryPage> {
  const items: TimelineItem[] = []
  let at = from
  const { end } = records
  while (at < end && items.length < limit) {
    const to = Math.min(end, at + recordsFor(limit - items.length, items.length, at - from))
    const page = await itemsBetween(records, viewer, at, to)
    for (const item of page) {
      if (item.kind === 'message' && item.seq < fromSeq) continue
      const last = items.at(-1)
      if (items.length >= limit && last?.i !== item.i) return { items, more: true }
      items.push(item)
    }
    at = to
  }
  return { items, more: at < end }
}

/**
 * How many records to read for so many items, by what the `records` before held: a record has up to 64 messages, and
 * what is read and left out is read again for the next page.
 */
function recordsFor(wanted: number, items: number, records: number): number {
  const expected = records === 0 ? recordsAtFirst : Math.ceil((wanted * records) / Math.max(1, items))
  return Math.max(recordsAtFirst, Math.min(wanted, expected))
}

/** The last position at or before `at` at which a record begins. */
function wholeFrom(items: readonly TimelineItem[], at: number): number {
  let from = at
  while (from > 0 && items[from - 1]?.i === items[from]?.i) from -= 1
  return from
}

/** All items of the records with from ≤ i < to; lost ones come before what replaced them. */
async function itemsBetween(
  records: Records,
  viewer: Viewer,
  from: number,
  to: number,
): Promise<readonly TimelineItem[]> {
  const { room } = records
  if (room === undefined) return []
  const items = (await records.between(from, to)).flatMap((one) => itemsOf(room, one, viewer))
  const { diverged } = records
  if (diverged === undefined) return items
  const all: TimelineItem[] = []
  let at = 0
  for (const i of diverged.divergedBetween(from, to === records.end ? to + 1 : to)) {
    const found = items.findIndex((item) => (item.i ?? 0) >= i)
    const until = found === -1 ? items.length : found
    all.push(...items.slice(at, until), ...(await lostItemsAt(diverged, i, viewer)))
    at = until
  }
  return [...all, ...items.slice(at)]
}

/** The newest of what was lost there and has not come again, each message once. */
async function lostItemsAt(diverged: DivergedRecords, i: number, viewer: Viewer): Promise<readonly LostItem[]> {
  const items: LostItem[] = []
  const ids = new Set<string>()
  for (const { room, records } of await diverged.recordsAt(i)) {
    for (const item of records.flatMap((one) => itemsOf(room, one, viewer))) {
      if (item.kind === 'warning' || item.kind === 'lost' || (item.kind === 'message' && ids.has(item.id))) continue
      if (item.kind === 'message') ids.add(item.id)
      items.push({ kind: 'lost', i, item })
    }
  }
  return items.slice(-divergedItemsMax)
}

/** What has been read and counted. */
function replicaRecords(log: RoomLog): Records {
  const between = (from: number, to: number) => log.records(from, to)
  return { room: log.room, end: log.state.checkpoint.next, between, diverged: log.reconciler.diverged }
}
