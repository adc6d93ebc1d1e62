/**
 * Reads a room's log in pages: its records, skipping any amount of junk that anyone with write access may put among
 * their keys. No reader fails on it or stops before it.
 */
import { concat, type Bytes } from '../../base/bytes.ts'
import { logPageBytesMax, logPageRecords } from '../../base/limits.ts'
import { logIndexOf, logKey, logRange, numberOf } from '../../protocol/paths.ts'
import type { Entry, RangeResult, Store } from '../../store/store.ts'

/** At least one record with index ≥ `from`, and before `to`, if there is any; some `logPageBytesMax` at most. */
export async function logPage(
  store: Store,
  roomId: Bytes,
  { from, to }: { readonly from: number; readonly to?: number | undefined },
  signal?: AbortSignal,
): Promise<RangeResult> {
  const end = to === undefined ? logRange(roomId).end : logKey(roomId, to)
  let start = logKey(roomId, from)
  for (;;) {
    const options = { limit: logPageRecords, bytesMax: logPageBytesMax }
    const { entries, more, revision } = await store.range(start, end, options, signal)
    const records = recordsAmong(entries)
    const last = entries.at(-1)
    if (records.length > 0 || !more || last === undefined) return { entries: records, more, revision }
    start = concat(last.key, Uint8Array.of(0))
  }
}

export interface PreparedPage<T> extends RangeResult {
  readonly prepared: T
}

/** Page by page; while one is processed, the next is fetched and prepared. */
export async function* logPages<T>(
  store: Store,
  roomId: Bytes,
  from: number,
  prepare: (entries: readonly Entry[]) => Promise<T>,
  signal?: AbortSignal,
): AsyncGenerator<PreparedPage<T>, void> {
  const read = async (at: number): Promise<PreparedPage<T>> => {
    const page = await logPage(store, roomId, { from: at }, signal)
    return { ...page, prepared: await prepare(page.entries) }
  }
  let coming: Promise<PreparedPage<T>> | undefined = read(from)
  while (coming !== undefined) {
    const page: PreparedPage<T> = await coming
    const last = page.entries.at(-1)
    coming = page.more && last !== undefined ? read(numberOf(last.key) + 1) : undefined
    // It may fail before it is awaited, or no longer be wanted.
    coming?.catch(() => undefined)
    yield page
  }
}

export function recordsAmong(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ key }) => logIndexOf(key) !== undefined)
}
