/**
 * What the store has in place of the records that this home has read: the same, none, or others.
 *
 * Each record names its predecessor's hash. Where the store holds a record of ours, everything before it was what we
 * have, and what differs there was tampered with. Where none of ours follows, the log may have forked: the store was
 * rolled back, and others continued from there.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { logPageRecords } from '../../base/limits.ts'
import { recordHash } from '../../protocol/record.ts'
import { logKey, numberOf } from '../../protocol/paths.ts'
import type { Entry, Store } from '../../store/store.ts'
import { logPage } from '../replay/log-page.ts'
import { readOne } from '../../store/read-one.ts'
import type { Replica } from '../replica/replica.ts'
import type { Row } from '../replica/row.ts'

/** from ≤ i < to */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Differences {
  /** Nothing is there, and this home can restore it. */
  readonly missing: readonly Span[]
  /** Something else is there, or nothing and only a hash is kept here; and records of ours follow. */
  readonly changed: readonly number[]
  /** From here on the store has another log. */
  readonly fork: number | undefined
}

export interface CompareParts {
  readonly store: Store
  readonly roomId: Bytes
  readonly replica: Replica
}

/** Whether the store holds at `i` what this home has read there. */
export async function standsAt({ store, roomId, replica }: CompareParts, i: number, signal?: AbortSignal) {
  const entry = await readOne(store, logKey(roomId, i), signal)
  return entry !== undefined && (await replica.holds(i, entry.value)) === true
}

/** The last record before `next` that the store has; −1 if none. Assumes that the ones before it are there too. */
export async function lastCommon(parts: CompareParts, next: number, signal?: AbortSignal): Promise<number> {
  let low = -1
  let high = next
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (await standsAt(parts, middle, signal)) low = middle
    else high = middle
  }
  return low
}

/** Compares from ≤ i < to; with `untilSame`, only up to the first record that matches. */
export async function compareWithStore(
  parts: CompareParts,
  { from, to }: Span,
  untilSame: boolean,
  signal?: AbortSignal,
): Promise<Differences> {
  const missing: Span[] = []
  const changed: number[] = []
  /** Since the last matching record. */
  let open: { readonly i: number; readonly gone: boolean }[] = []
  const settle = (): void => {
    for (const { i, gone } of open) {
      if (gone) addTo(missing, i)
      else changed.push(i)
    }
    open = []
  }
  for (let at = from; at < to; at += logPageRecords) {
    const end = Math.min(to, at + logPageRecords)
    const found = await recordsBetween(parts, at, end, signal)
    for (const row of await parts.replica.rows(at, end, logPageRecords)) {
      const entry = found.get(row.i)
      if (entry !== undefined && isSame(row, entry.value)) {
        settle()
        if (untilSame) return { missing, changed, fork: undefined }
      } else open.push({ i: row.i, gone: entry === undefined && row.hashOnly === undefined })
    }
  }
  const fork = open.find(({ gone }) => !gone)?.i
  open = open.filter(({ i }) => fork === undefined || i < fork)
  settle()
  return { missing, changed, fork }
}

function addTo(spans: Span[], i: number): void {
  const last = spans.at(-1)
  if (last?.to === i) spans[spans.length - 1] = { from: last.from, to: i + 1 }
  else spans.push({ from: i, to: i + 1 })
}

async function recordsBetween({ store, roomId }: CompareParts, from: number, to: number, signal?: AbortSignal) {
  const found = new Map<number, Entry>()
  for (let at = from; ;) {
    const { entries, more } = await logPage(store, roomId, { from: at, to }, signal)
    for (const entry of entries) found.set(numberOf(entry.key), entry)
    const last = entries.at(-1)
    if (!more || last === undefined) return found
    at = numberOf(last.key) + 1
  }
}

function isSame(row: Row, bytes: Bytes): boolean {
  if (row.hashOnly !== undefined) return hex(row.hashOnly) === hex(recordHash(bytes))
  return equalBytes(row.bytes, bytes)
}
