/**
 * Reading a room's log: its records, and nothing else that somebody put among their keys. Whoever can write to the
 * store can do that, and as many as he likes; no reader stumbles over them or stops before them.
 */
import { concat, type Bytes } from '../base/bytes.ts'
import { logPageRecords } from '../base/limits.ts'
import { logIndexOf, logKey, logRange } from '../protocol/paths.ts'
import type { Entry, RangeResult, Store } from '../store/store.ts'

/** At least one record with index ≥ from if there is any; more than `logPageRecords` only where others lie between. */
export async function logPage(store: Store, roomId: Bytes, from: number, signal?: AbortSignal): Promise<RangeResult> {
  const { end } = logRange(roomId)
  const records: Entry[] = []
  let start = logKey(roomId, from)
  for (;;) {
    const { entries, more, revision } = await store.range(start, end, { limit: logPageRecords }, signal)
    const own = recordsAmong(entries)
    records.push(...own)
    const last = entries.at(-1)
    if (!more || last === undefined || own.length === entries.length || records.length >= logPageRecords) {
      return { entries: records, more, revision }
    }
    start = concat(last.key, Uint8Array.of(0))
  }
}

export function recordsAmong(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ key }) => logIndexOf(key) !== undefined)
}
