/**
 * The part of a room's history that is in memory: a window of at most `windowMax` items that slides over it in both
 * directions, and where in it one looks. Pure. However long a room's history, the window stays this small.
 */
import type { TimelineItem } from '../../chat/item.ts'

export const windowMax = 500
export const pageItems = 100

export interface Entry {
  /** The same item has the same key, wherever it came from. */
  readonly key: string
  /** Order in the window: the place in the log, and for what has none the place that it arrived after. */
  readonly place: number
  readonly item: TimelineItem
}

/** The lowest line on the screen: `hidden` lines of this entry are below it. */
export interface Anchor {
  readonly key: string
  readonly hidden: number
}

export interface Timeline {
  readonly entries: readonly Entry[]
  /** Whether the room has older items than the window. */
  readonly moreBefore: boolean
  /** Whether it has newer ones. */
  readonly moreAfter: boolean
  readonly fetching: 'older' | 'newer' | 'newest' | undefined
  /** Absent: the screen follows the newest item. */
  readonly anchor: Anchor | undefined
  /** Items that came while one looked further up. */
  readonly below: number
  /** Messages after this seq were new when one came in; undefined: no line is drawn. */
  readonly newAfter: number | undefined
}

export const emptyTimeline: Timeline = {
  entries: [],
  moreBefore: false,
  moreAfter: false,
  fetching: undefined,
  anchor: undefined,
  below: 0,
  newAfter: undefined,
}

export function keyOf(item: TimelineItem): string {
  if (item.kind === 'message') return `${item.i}/${item.seq}`
  if (item.kind === 'warning') return `${item.i}!`
  return item.i === undefined
    ? `${item.event} ${item.target?.fingerprint ?? item.by.fingerprint} ${item.at}`
    : `${item.i}.`
}

/** The window with the newest items, as when a room is opened. */
export function freshTimeline(items: readonly TimelineItem[], more: boolean, newAfter: number | undefined): Timeline {
  const entries = merge([], items).slice(-windowMax)
  return { ...emptyTimeline, entries, moreBefore: more || entries.length < items.length, newAfter }
}

/** Items that just came. Who looks further up stays where he is, and reads how many there are below. */
export function withNewItems(timeline: Timeline, items: readonly TimelineItem[]): Timeline {
  const known = new Set(timeline.entries.map((entry) => entry.key))
  const fresh = items.filter((item) => !known.has(keyOf(item)))
  if (fresh.length === 0) return timeline
  const looking = timeline.anchor !== undefined
  const below = looking ? timeline.below + fresh.length : 0
  if (timeline.moreAfter) return { ...timeline, below }
  const entries = merge(timeline.entries, fresh)
  if (entries.length <= windowMax) return { ...timeline, entries, below }
  // Full: what one looks at stays, the other end goes.
  if (looking) return { ...timeline, moreAfter: true, below }
  return { ...timeline, entries: entries.slice(-windowMax), moreBefore: true, below }
}

export function withOlderItems(timeline: Timeline, items: readonly TimelineItem[], more: boolean): Timeline {
  const merged = merge(timeline.entries, items)
  const cut = merged.length > windowMax
  // Back at the end meanwhile: then the end is what must stay.
  if (timeline.anchor === undefined) {
    return { ...timeline, entries: merged.slice(-windowMax), moreBefore: more || cut, fetching: undefined }
  }
  const moreAfter = timeline.moreAfter || cut
  return { ...timeline, entries: merged.slice(0, windowMax), moreBefore: more, moreAfter, fetching: undefined }
}

export function withNewerItems(timeline: Timeline, items: readonly TimelineItem[], more: boolean): Timeline {
  const merged = merge(timeline.entries, items)
  const entries = merged.slice(-windowMax)
  const moreBefore = timeline.moreBefore || entries.length < merged.length
  return { ...timeline, entries, moreBefore, moreAfter: more, fetching: undefined }
}

/** The oldest place in the window, for fetching what is before it; undefined in an empty window. */
export function oldestPlace(timeline: Timeline): number | undefined {
  return timeline.entries.find((entry) => 'i' in entry.item && entry.item.i !== undefined)?.place
}

/** The newest place in the window, for fetching what follows it. */
export function newestPlace(timeline: Timeline): number | undefined {
  return timeline.entries.findLast((entry) => 'i' in entry.item && entry.item.i !== undefined)?.place
}

/** The newest message's seq in the window: down to there one has read. */
export function newestSeq(timeline: Timeline): number | undefined {
  const entry = timeline.entries.findLast(({ item }) => item.kind === 'message')
  return entry?.item.kind === 'message' ? entry.item.seq : undefined
}

function merge(entries: readonly Entry[], items: readonly TimelineItem[]): readonly Entry[] {
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
  return merged.toSorted((a, b) => a.place - b.place || seqOf(a) - seqOf(b))
}

function seqOf(entry: Entry): number {
  return entry.item.kind === 'message' ? entry.item.seq : 0
}
