/** Pages of a room's history: out of the replica, or early ones out of a preview of the log's newest end. */
import { setImmediate as turn } from 'node:timers/promises'
import { isConclaveError } from '../../base/errors.ts'
import { sliceMs } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Room } from '../../protocol/room.ts'
import type { HistoryPage, HistoryQuery } from '../chat.ts'
import type { TimelineItem } from '../item.ts'
import { itemsOf, type Viewer } from './items.ts'
import type { Filed } from '../log/ledger.ts'
import type { DivergedRecords } from '../reconcile/diverged-records.ts'
import { lostItemsAt } from './diverged-items.ts'
import { hashOfRow, type Row } from '../replica/row.ts'
import type { RoomLog } from '../log/room-log.ts'

/** A run of judged records that pages are made of. */
export interface Records {
  readonly room: Room | undefined
  /** Index behind the last one. */
  readonly end: number
  /** Those with from ≤ i < to, in order. */
  between(from: number, to: number): Promise<readonly Filed[]>
  /** What stood among them before the store was set back. */
  readonly lost?: DivergedRecords
}

/** Items of whole records: where messages were sent together, a page holds a few more than asked for. */
export async function historyPage(log: RoomLog, viewer: Viewer, query: HistoryQuery): Promise<HistoryPage> {
  const { preview } = log
  const { before, limit, fromIndex, fromSeq } = query
  const forward = fromIndex !== undefined || fromSeq !== undefined
  if (preview !== undefined && query.early === true && !forward) {
    return newest(preview, viewer, Math.min(before ?? preview.end, preview.end), limit)
  }
  // What lies here is a part, and the rest is on its way; should the store be lost meanwhile, the part has to do.
  if (preview !== undefined) await log.catchUp().catch(unlessUnavailable)
  const records = replicaRecords(log)
  const { next, seq } = log.ledger.checkpoint
  if (fromIndex !== undefined) return oldest(records, viewer, fromIndex, limit)
  if (fromSeq === undefined) return newest(records, viewer, Math.min(before ?? next, next), limit)
  // From the first message on everything is shown from the beginning of the room.
  if (fromSeq <= 1) return oldest(records, viewer, 0, limit)
  if (fromSeq >= seq) return { items: [], more: false }
  return oldest(records, viewer, await log.replica.indexOfSeq(fromSeq, next), limit, fromSeq)
}

function unlessUnavailable(error: unknown): void {
  if (!isConclaveError(error) || !error.retryable) throw error
}

async function newest(records: Records, viewer: Viewer, before: number, limit: number): Promise<HistoryPage> {
  let items: readonly TimelineItem[] = []
  let at = before
  while (at > 0 && items.length < limit) {
    const from = Math.max(0, at - Math.max(16, limit - items.length))
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

/** With `fromSeq` the messages before it, which share its record, are left out. */
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
    const to = Math.min(end, at + Math.max(16, limit - items.length))
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

/** The first position at or before `at` at which a record begins. */
function wholeFrom(items: readonly TimelineItem[], at: number): number {
  let from = at
  while (from > 0 && items[from - 1]?.i === items[from]?.i) from -= 1
  return from
}

/** Everything shown of the records with from ≤ i < to; and what was lost there, before what stands there now. */
async function itemsBetween(
  records: Records,
  viewer: Viewer,
  from: number,
  to: number,
): Promise<readonly TimelineItem[]> {
  const { room } = records
  if (room === undefined) return []
  const items = (await records.between(from, to)).flatMap((one) => itemsOf(room, one, viewer))
  const parted = records.lost?.divergedBetween(from, to === records.end ? to + 1 : to) ?? []
  const all: TimelineItem[] = []
  let at = 0
  for (const i of parted) {
    const found = items.findIndex((item) => (item.i ?? 0) >= i)
    const until = found === -1 ? items.length : found
    all.push(
      ...items.slice(at, until),
      ...(records.lost === undefined ? [] : await lostItemsAt(records.lost, i, viewer)),
    )
    at = until
  }
  return [...all, ...items.slice(at)]
}

/** What has been read and counted. */
function replicaRecords(log: RoomLog): Records {
  const between = async (from: number, to: number): Promise<readonly Filed[]> => {
    if (log.recent(from) !== undefined) return recentRecords(log, from, to)
    const rows = await log.replica.rows(Math.max(0, from - 1), to, to - from + 1)
    let previous: Row | undefined
    const filed: Filed[] = []
    let sliceEnds = performance.now() + sliceMs
    for (const row of rows) {
      if (performance.now() > sliceEnds) {
        await turn()
        sliceEnds = performance.now() + sliceMs
      }
      if (row.i >= from) {
        const previousHash = previous === undefined ? zeroHash : hashOfRow(previous)
        const judgement = log.ledger.review(row, previousHash)
        filed.push({ row, judgement, place: { i: row.i, previousHash, hash: zeroHash } })
      }
      previous = row
    }
    return filed
  }
  return { room: log.room, end: log.ledger.checkpoint.next, between, lost: log.diverged }
}

function recentRecords(log: RoomLog, from: number, to: number): readonly Filed[] {
  const filed: Filed[] = []
  for (let i = from; i < to; i += 1) {
    const one = log.recent(i)
    if (one !== undefined) filed.push(one)
  }
  return filed
}
