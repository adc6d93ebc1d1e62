/**
 * The part of a room's history that is in memory: a window of at most `windowMax` items that slides over it in both
 * directions, and the scroll position in it. Pure. However long a room's history, the window stays this small.
 */
import type { MessageItem, TimelineItem } from '../../chat/item.ts'
import { isChange } from '../../chat/timeline/changes.ts'
import type { Direction } from './effect.ts'

export const windowMax = 500
export const pageItems = 100
/** The bound on entries kept beside the window. */
const asideMax = 2000
/** The bound on ids of messages that were looked up; older ones may be looked up again. */
const soughtMax = 2000

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
  readonly fetching: Direction | undefined
  /** Counts the windows that were asked for: what was asked for an earlier one does not change this one. */
  readonly window: number
  /** The window that comes is to be read again. */
  readonly again: boolean
  /** Absent: the screen follows the newest item. */
  readonly anchor: Anchor | undefined
  /** Items that arrived while scrolled up. */
  readonly below: number
  /** A line above the messages after this seq: they came while the person was not looking. undefined: no line. */
  readonly newAfter: number | undefined
  /** The last of them; undefined: they have not been looked at yet. */
  readonly newUpTo: number | undefined
  /**
   * Outside the window, by id: changes that left it or arrived while it was further up, so that a deleted message stays
   * deleted however far one scrolls; and messages that the window refers to.
   */
  readonly aside: ReadonlyMap<string, MessageItem>
  /** Ids of messages further up that were looked up. */
  readonly sought: ReadonlySet<string>
}

export const emptyTimeline: Timeline = {
  entries: [],
  moreBefore: false,
  moreAfter: false,
  fetching: undefined,
  window: 0,
  again: false,
  anchor: undefined,
  below: 0,
  newAfter: undefined,
  newUpTo: undefined,
  aside: new Map(),
  sought: new Set(),
}

/** The window with the newest items, as when a room is opened. */
export function freshTimeline(
  items: readonly TimelineItem[],
  more: boolean,
  newAfter: number | undefined,
  aside: Timeline['aside'] = new Map(),
): Timeline {
  const merged = mergeEntries([], items)
  const entries = merged.slice(-windowMax)
  return { ...emptyTimeline, entries, moreBefore: more || entries.length < merged.length, newAfter, aside }
}

/** While another window is on its way. */
export function leaving(timeline: Timeline, direction: 'newest' | 'around'): Timeline {
  return { ...timeline, fetching: direction, window: timeline.window + 1 }
}

export function isLeaving({ fetching }: Timeline): boolean {
  return fetching === 'newest' || fetching === 'around'
}

/** Appends items that just arrived. When scrolled up, the position stays and the number below is shown. */
export function withNewItems(
  timeline: Timeline,
  items: readonly TimelineItem[],
  isHeard: (item: TimelineItem) => boolean = () => true,
): Timeline {
  const known = new Set(timeline.entries.map((entry) => entry.key))
  const fresh = items.filter((item) => !known.has(keyOf(item)))
  if (fresh.length === 0) return timeline
  const looking = timeline.anchor !== undefined
  const below = looking ? timeline.below + fresh.filter((item) => isNews(item) && isHeard(item)).length : 0
  if (timeline.moreAfter) return { ...timeline, below, aside: putAside(timeline.aside, fresh) }
  const entries = mergeEntries(withoutRecovered(timeline.entries, fresh), fresh)
  if (entries.length <= windowMax) return { ...timeline, entries, below }
  // Full: keep what is in view, drop the other end.
  if (looking) return { ...timeline, moreAfter: true, below, aside: putAside(timeline.aside, fresh) }
  return { ...cutTo(timeline, entries, entries.slice(-windowMax)), moreBefore: true, below }
}

/** Worth a look further down: no change of a message, and nothing by this person. */
function isNews(item: TimelineItem): boolean {
  return item.kind !== 'message' || !(isChange(item) || item.own)
}

/** A place to come back to. */
export interface Scroll extends Anchor {
  readonly place: number
}

export function scrollOf({ anchor, entries }: Timeline): Scroll | undefined {
  const entry = anchor && entries.find(({ key }) => key === anchor.key)
  return anchor && entry && { ...anchor, place: entry.place }
}

/** The window that was opened, back at a place in it; undefined: the place is further up. */
export function scrolledTo(timeline: Timeline, { key, hidden }: Scroll, below: number): Timeline | undefined {
  if (!timeline.entries.some((entry) => entry.key === key)) return undefined
  return { ...timeline, anchor: { key, hidden }, below }
}

/** The window around a place, which is at its end. */
export function withItemsAround(timeline: Timeline, items: readonly TimelineItem[], more: boolean): Timeline {
  const entries = mergeEntries([], items)
  const last = entries.at(-1)
  const { anchor } = timeline
  const found = entries.some(({ key }) => key === anchor?.key)
  const there = found ? anchor : last && { key: last.key, hidden: 0 }
  return { ...timeline, entries, anchor: there, moreBefore: more, moreAfter: true, fetching: undefined }
}

export function withOlderItems(timeline: Timeline, items: readonly TimelineItem[], more: boolean): Timeline {
  const merged = mergeEntries(timeline.entries, items)
  const cut = merged.length > windowMax
  const fetched: Timeline = { ...timeline, fetching: undefined }
  // Back at the end by now: then the end is what must stay.
  if (timeline.anchor === undefined) {
    return { ...cutTo(fetched, merged, merged.slice(-windowMax)), moreBefore: more || cut }
  }
  const moreAfter = timeline.moreAfter || cut
  return { ...cutTo(fetched, merged, merged.slice(0, windowMax)), moreBefore: more, moreAfter }
}

export function withNewerItems(timeline: Timeline, items: readonly TimelineItem[], more: boolean): Timeline {
  const merged = mergeEntries(timeline.entries, items)
  const entries = merged.slice(-windowMax)
  const moreBefore = timeline.moreBefore || entries.length < merged.length
  return { ...cutTo(timeline, merged, entries), moreBefore, moreAfter: more, fetching: undefined }
}

/** Referenced messages from further up, with their changes. */
export function withReferred(timeline: Timeline, items: readonly MessageItem[]): Timeline {
  const aside = new Map(timeline.aside)
  for (const item of items) aside.set(item.id, item)
  return { ...timeline, aside: bounded(aside) }
}

/** Remembers that these were looked up. */
export function withSought(timeline: Timeline, ids: readonly string[]): Timeline {
  return { ...timeline, sought: new Set([...timeline.sought, ...ids].slice(-soughtMax)) }
}

/** Keeps the changes among the dropped entries. */
function cutTo(timeline: Timeline, all: readonly Entry[], entries: readonly Entry[]): Timeline {
  if (entries.length === all.length) return { ...timeline, entries }
  const kept = new Set(entries)
  const gone = all.flatMap((entry) => (kept.has(entry) ? [] : [entry.item]))
  return { ...timeline, entries, aside: putAside(timeline.aside, gone) }
}

function putAside(aside: Timeline['aside'], items: readonly TimelineItem[]): Timeline['aside'] {
  const changes = items.filter((item) => item.kind === 'message' && isChange(item)) as readonly MessageItem[]
  if (changes.length === 0) return aside
  return bounded(new Map([...aside, ...changes.map((item) => [item.id, item] as const)]))
}

function bounded(aside: Map<string, MessageItem>): Timeline['aside'] {
  if (aside.size <= asideMax) return aside
  return new Map([...aside].slice(-asideMax))
}

/** Whether the newest item is at the bottom of the screen, followed or not. */
export function isAtEnd({ anchor, entries, moreAfter }: Timeline): boolean {
  if (moreAfter) return false
  return anchor === undefined || (anchor.key === entries.at(-1)?.key && anchor.hidden === 0)
}

/** Reloads the window's contents from a place on: numbers or verdicts may have changed. */
export function withItemsAgain(
  timeline: Timeline,
  from: number,
  items: readonly TimelineItem[],
  more: boolean,
): Timeline {
  // Items without a place in the log are not among them.
  const others = timeline.entries.filter(({ place, item }) => place < from || item.i === undefined)
  const entries = [...others, ...mergeEntries([], items)].toSorted(inOrder).slice(0, windowMax)
  return { ...timeline, entries, moreAfter: more }
}

/** The oldest place in the window, for fetching what precedes it; undefined in an empty window. */
export function oldestPlace(timeline: Timeline): number | undefined {
  return timeline.entries.find((entry) => 'i' in entry.item && entry.item.i !== undefined)?.place
}

/** The newest place in the window, for fetching what follows it. */
export function newestPlace(timeline: Timeline): number | undefined {
  return timeline.entries.findLast((entry) => 'i' in entry.item && entry.item.i !== undefined)?.place
}

/** The newest message's seq in the window: everything up to there has been read. */
export function newestSeq(timeline: Timeline): number | undefined {
  const entry = timeline.entries.findLast(({ item }) => item.kind === 'message')
  return entry?.item.kind === 'message' ? entry.item.seq : undefined
}

export interface Entry {
  /** The same item has the same key, wherever it came from. */
  readonly key: string
  /** Order in the window: the place in the log or, without one, the place that it arrived after. */
  readonly place: number
  readonly item: TimelineItem
}

function keyOf(item: TimelineItem): string {
  if (item.kind === 'message') return item.id
  if (item.kind === 'warning') return `${item.i}!`
  if (item.kind === 'lost') return `lost ${item.item.kind === 'message' ? item.item.id : `${item.item.i}.`}`
  return item.i === undefined
    ? `${item.event} ${item.target?.fingerprint ?? item.by.fingerprint} ${item.at}`
    : `${item.i}.`
}

/** In the order of the log. */
export function entriesOf(items: readonly TimelineItem[]): readonly Entry[] {
  return mergeEntries([], items)
}

function mergeEntries(entries: readonly Entry[], items: readonly TimelineItem[]): readonly Entry[] {
  const known = new Set(entries.map((entry) => entry.key))
  const merged = [...entries]
  let sorted = true
  for (const item of items) {
    const key = keyOf(item)
    if (known.has(key)) continue
    known.add(key)
    const last = merged.at(-1)?.place ?? -1
    // A lost item comes before the one that has its place now.
    const place = item.kind === 'lost' ? item.i - 0.5 : (item.i ?? Math.floor(last) + 0.5)
    sorted &&= place >= last
    merged.push({ key, place, item })
  }
  if (sorted) return merged
  return merged.toSorted(inOrder)
}

function inOrder(a: Entry, b: Entry): number {
  return a.place - b.place || seqOf(a) - seqOf(b)
}

function seqOf({ item }: Entry): number {
  const shown = item.kind === 'lost' ? item.item : item
  return shown.kind === 'message' ? shown.seq : 0
}

/** An item that was lost and has come again shows only at its new place. */
function withoutRecovered(entries: readonly Entry[], items: readonly TimelineItem[]): readonly Entry[] {
  if (!entries.some(({ item }) => item.kind === 'lost')) return entries
  const again = new Set(items.map((item) => (item.kind === 'message' ? `lost ${item.id}` : '')))
  return entries.filter(({ key }) => !again.has(key))
}
