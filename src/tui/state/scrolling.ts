/** Moving through a room's history: the screen over the window, and the window over the history. Pure. */
import { chatLayout, entryContext, measureWith } from '../view/chat-layout.ts'
import { firstMember, firstRoom } from '../view/panels.ts'
import { scroll } from '../view/viewport.ts'
import type { Wheel } from '../input/key.ts'
import type { Effect } from './effect.ts'
import type { ChatPage, Next, State } from './state.ts'
import { next } from './next.ts'
import type { Timeline } from './timeline.ts'
import { isAtEnd, leaving, newestPlace, oldestPlace } from './timeline.ts'
import { markSeen } from './unseen.ts'

export const wheelLines = 3

/** Scrolls by lines, upwards when negative; fetches where the window ends. */
export function scrollBy(state: State, page: ChatPage, lines: number): Next {
  const { rows, measure } = geometry(state, page)
  const { timeline } = page
  const moved = scroll(timeline.entries, timeline.anchor, lines, rows, measure)
  if (lines < 0 && moved.atTop) return fetchOlder(state, page, { ...timeline, anchor: moved.anchor })
  if (lines > 0 && moved.atBottom && timeline.moreAfter) return fetchNewer(state, page)
  if (moved.atBottom && !timeline.moreAfter) return settled(state, page)
  return next({ ...state, page: { ...page, timeline: { ...timeline, anchor: moved.anchor } } })
}

/** The wheel: over a list beside the messages it scrolls that. */
export function wheeled(state: State, page: ChatPage, { up, on }: Wheel): Next {
  const lines = up ? -wheelLines : wheelLines
  const { rows } = chatLayout(state, page)
  switch (on?.kind) {
    case 'room':
    case 'requests':
    case 'invitation':
      return next({ ...state, page: { ...page, roomsFrom: firstRoom(state, page, rows, lines) } })
    case 'member':
    case 'members':
      return next({ ...state, page: { ...page, membersFrom: firstMember(page, rows, lines) } })
    default:
      return scrollBy(state, page, lines)
  }
}

/** A page less a line or two, to keep some context. */
export function scrollPage(state: State, page: ChatPage, direction: 1 | -1): Next {
  return scrollBy(state, page, direction * Math.max(1, geometry(state, page).rows - 2))
}

/** To the first line of the window. */
export function toTop(state: State, page: ChatPage): Next {
  return scrollBy(state, page, -1_000_000)
}

export function toEnd(state: State, page: ChatPage): Next {
  const { timeline } = page
  // The place that one set off for is no longer wanted.
  const here =
    timeline.fetching === 'around' ? { ...timeline, fetching: undefined, window: timeline.window + 1 } : timeline
  if (!timeline.moreAfter) return settled(state, { ...page, timeline: here })
  return next(...newest(state, page))
}

/** Also while another page is on its way, which is no longer wanted then. */
export function newest(state: State, page: ChatPage): [State, ...Effect[]] {
  if (page.timeline.fetching === 'newest') return [{ ...state, page }]
  const timeline = leaving(page.timeline, 'newest')
  const { window } = timeline
  return [
    { ...state, page: { ...page, timeline } },
    { do: 'fetch', direction: 'newest', from: undefined, window },
  ]
}

function settled(state: State, page: ChatPage): Next {
  const there: ChatPage = { ...page, timeline: { ...page.timeline, anchor: undefined, below: 0 } }
  return next({ ...state, page: there }, ...markSeen(state, there))
}

function fetchOlder(state: State, page: ChatPage, timeline: Timeline): Next {
  if (!timeline.moreBefore) return next({ ...state, page: { ...page, timeline } })
  // Anchored even if everything fits on the screen: fetching older items is for seeing those, not the end.
  const last = timeline.entries.at(-1)
  const anchor = timeline.anchor ?? (last && { key: last.key, hidden: 0 })
  return fetching(
    state,
    page,
    { ...timeline, anchor },
    { do: 'fetch', direction: 'older', from: oldestPlace(timeline), window: timeline.window },
  )
}

function fetchNewer(state: State, page: ChatPage): Next {
  const from = newestPlace(page.timeline)
  if (from === undefined) return next(...newest(state, page))
  const { window } = page.timeline
  return fetching(state, page, page.timeline, { do: 'fetch', direction: 'newer', from, window })
}

function fetching(state: State, page: ChatPage, timeline: Timeline, effect: Effect & { do: 'fetch' }): Next {
  if (timeline.fetching !== undefined) return next({ ...state, page: { ...page, timeline } })
  return next({ ...state, page: { ...page, timeline: { ...timeline, fetching: effect.direction } } }, effect)
}

/** The rows available for the timeline, and the height of each entry. */
export function geometry(state: State, page: ChatPage) {
  const layout = chatLayout(state, page)
  return { rows: layout.rows, measure: measureWith(page, entryContext(state, page, layout.chatColumns)) }
}

/** Ends selecting: back to the newest, if it started there. */
export function unpick(state: State, page: ChatPage): Next {
  const { pick } = page
  const plain: ChatPage = { ...page, pick: undefined }
  return pick?.following === true ? toEnd(state, plain) : next({ ...state, page: plain })
}

/** Ends selecting without scrolling; at the newest it follows again. */
export function released(state: State, page: ChatPage): Next {
  const plain: ChatPage = { ...page, pick: undefined }
  return isAtEnd(plain.timeline) ? toEnd(state, plain) : next({ ...state, page: plain })
}
