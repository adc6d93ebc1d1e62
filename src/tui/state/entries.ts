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
  if (item.kind === 'lost') return `lost ${item.item.kind === 'message' ? item.item.id : `${item.item.i}.`}`
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
    // What was lost stands before what has its place now.
    const place = item.kind === 'lost' ? item.i - 0.5 : (item.i ?? Math.floor(last) + 0.5)
    sorted &&= place >= last
    merged.push({ key, place, item })
  }
  if (sorted) return merged
  return merged.toSorted(inOrder)
}

export function inOrder(a: Entry, b: Entry): number {
  return a.place - b.place || seqOf(a) - seqOf(b)
}

function seqOf({ item }: Entry): number {
  const shown = item.kind === 'lost' ? item.item : item
  return shown.kind === 'message' ? shown.seq : 0
}

/** What was lost and has come again stands at its new place alone. */
export function withoutRecovered(entries: readonly Entry[], items: readonly TimelineItem[]): readonly Entry[] {
  if (!entries.some(({ item }) => item.kind === 'lost')) return entries
  const again = new Set(items.map((item) => (item.kind === 'message' ? `lost ${item.id}` : '')))
  return entries.filter(({ key }) => !again.has(key))
}
