/** Reads what lies beside a room's log, where anyone can write: in pages, and up to a bound. Nothing depends on all of it. */
import type { Bytes } from '../../base/bytes.ts'
import { concat } from '../../base/bytes.ts'
import { besideLogBytesMax } from '../../base/limits.ts'
import type { KeyRange } from '../../protocol/paths.ts'
import type { Entry, Store } from '../../store/store.ts'

/** In the order of their keys; an entry whose value is larger than `valueBytesMax` is left out. */
export async function boundedRange(
  store: Store,
  { start, end }: KeyRange,
  { limit, valueBytesMax }: { readonly limit: number; readonly valueBytesMax: number },
  signal?: AbortSignal,
): Promise<readonly Entry[]> {
  const found: Entry[] = []
  let bytes = 0
  for (let next: Bytes | undefined = start; next !== undefined && bytes < besideLogBytesMax;) {
    const { entries, more } = await store.range(next, end, { limit, bytesMax: besideLogBytesMax - bytes }, signal)
    for (const { key, value } of entries) bytes += key.length + value.length
    found.push(...entries.filter(({ value }) => value.length <= valueBytesMax))
    const last = entries.at(-1)
    next = more && last !== undefined ? concat(last.key, Uint8Array.of(0)) : undefined
  }
  return found
}
