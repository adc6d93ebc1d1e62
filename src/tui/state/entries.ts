/** What a timeline is made of: items in their places, each once. Pure. */
import type { TimelineItem } from '../../chat/item.ts'

export interface Entry {
  /** The same item has the same key, wherever it came from. */
  readonly key: string
  /** Order in the window: the place in the log, and for what has none the place that it arrived after. */
  readonly place: number
  readonly item: TimelineItem
}

export function keyOf(item: TimelineItem): string {
  if (item.kind === 'message') return item.id
  if (item.kind === 'warning') return `${item.i}!`
  return item.i === undefined
    ? `${item.event} ${item.target?.fingerprint ?? item.by.fingerprint} ${item.at}`
    : `${item.i}.`
}

export function mergeEntries(entries: readonly Entry[], items: readonly TimelineItem[]): readonly Entry[] {
  const known = new Set(entries.map((entry) => entry.key))
  const merged = [...entries]
  let sorted = true
  for (const item of items) {
    const key = keyOf(item)
    if (known.has(key)) continue
    known.add(key)
    const last = merged.at(-1)?.place ?? -1
    const place = item.i ?? Math.floor(last) + 0.5
    sorted &&= place >= last
    merged.push({ key, place, item })
  }
  if (sorted) return merged
  return merged.toSorted(inOrder)
}

export function inOrder(a: Entry, b: Entry): number {
  return a.place - b.place || seqOf(a) - seqOf(b)
}

function seqOf(entry: Entry): number {
  return entry.item.kind === 'message' ? entry.item.seq : 0
}
