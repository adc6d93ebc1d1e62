/**
 * What was in front of the person, and what came meanwhile. Only messages at the end of a room that is on the screen of a
 * terminal in front are read; a line stands above those that came while it was not, or while the person had scrolled
 * back. Pure.
 */
import type { TimelineItem } from '../../chat/item.ts'
import type { Effect } from './effect.ts'
import { foldPage } from './fold.ts'
import type { ChatPage, Next, State } from './state.ts'
import { newestSeq, type Timeline } from './timeline.ts'

/** Whether the person sees what arrives. A terminal that says nothing of its focus has it. */
export function isWatched({ focused, sheet }: State, { timeline, panel }: ChatPage): boolean {
  const isCovered = sheet !== undefined || panel !== undefined
  return focused !== false && !isCovered && timeline.anchor === undefined && !timeline.moreAfter
}

/** Tells the room that everything up to its newest message was on the screen. */
export function markSeen(state: State, page: ChatPage): readonly Effect[] {
  const seq = newestSeq(page.timeline)
  return isWatched(state, page) && seq !== undefined && seq > page.room.readUpTo ? [{ do: 'mark-read', seq }] : []
}

/** Items have arrived unwatched: the line stands above the first of them, and stays there for those that follow. */
export function withUnseen(before: Timeline, after: Timeline, items: readonly TimelineItem[]): Timeline {
  if (before.newAfter !== undefined && before.newUpTo === undefined) return after
  const newest = newestSeq(before) ?? 0
  const first = items.find((item) => item.kind === 'message' && !item.own && item.seq > newest)
  if (first?.kind !== 'message') return after
  return { ...after, newAfter: first.seq - 1, newUpTo: undefined }
}

/** The end of the room has come in front of the person: it is read, and the line takes no more below it. */
export function cameInView(before: State, done: Next): Next {
  const { state, effects } = done
  const { page } = state
  if (page.kind !== 'chat' || !isWatched(state, page)) return done
  if (before.page.kind === 'chat' && before.page.room.id === page.room.id && isWatched(before, before.page)) return done
  const { timeline } = page
  const isOpen = timeline.newAfter !== undefined && timeline.newUpTo === undefined
  const settled = isOpen ? { ...page, timeline: { ...timeline, newUpTo: newestSeq(timeline) } } : page
  const isMarked = effects.some((effect) => effect.do === 'mark-read')
  return { state: { ...state, page: settled }, effects: isMarked ? effects : [...effects, ...markSeen(state, page)] }
}

export interface UnseenLine {
  /** The entry below it. */
  readonly key: string
  readonly count: number
  /** When the first of them was written; undefined: it is not in the window. */
  readonly since: number | undefined
}

export function unseenLine(page: ChatPage): UnseenLine | undefined {
  const { entries, newAfter, newUpTo = page.room.seq, moreAfter } = page.timeline
  if (newAfter === undefined) return undefined
  const { hidden } = foldPage(page)
  const messages = entries.flatMap(({ key, item }) =>
    item.kind === 'message' && !hidden.has(key) ? [{ key, item }] : [],
  )
  const below = messages.filter(({ item }) => item.seq > newAfter && item.seq <= newUpTo && !item.own)
  const [first] = below
  if (first === undefined) return undefined
  const isWhole = (messages[0]?.item.seq ?? 0) <= newAfter + 1
  const isCounted = isWhole && !(moreAfter && (messages.at(-1)?.item.seq ?? 0) < newUpTo)
  const count = isCounted ? below.length : newUpTo - newAfter
  return { key: first.key, count, since: isWhole ? first.item.at : undefined }
}
