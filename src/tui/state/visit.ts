/**
 * Going to a place in a room's history, wherever it is, and back to where one was. The window is loaded around the place;
 * what is on the way to it is not read. Pure.
 */
import { emptyEditor } from '../input/editor.ts'
import { emptyInputHistory } from '../input/history.ts'
import { anchorWithTop } from '../view/viewport.ts'
import type { Place } from './effect.ts'
import type { Event } from './event.ts'
import { foldPage } from './fold.ts'
import { keyHint } from './key-table.ts'
import { openRoom } from './navigation.ts'
import { info, next, problem } from './next.ts'
import { geometry, toEnd, toTop } from './scrolling.ts'
import type { ChatPage, Next, State } from './state.ts'
import { isPickable } from './target.ts'
import { entriesOf, leaving, scrollOf, type Entry, type Timeline } from './timeline.ts'
import { markSeen } from './unseen.ts'

/** Where one was before a jump. */
const trailMax = 20
/** Entries shown above the one that was looked for. */
const contextEntries = 3

export function visit(state: State, page: ChatPage, place: Place): Next {
  return arriveAt(withTrail(state, page), page, place)
}

/** The same without a way back from here. */
export function arriveAt(state: State, page: ChatPage, place: Place): Next {
  const timeline = leaving(page.timeline, 'around')
  const { window } = timeline
  return next({ ...state, page: { ...page, timeline, pick: undefined } }, { do: 'visit', place, window })
}

/** Ctrl-O leads back to where the page is now. */
export function withTrail(state: State, { room, timeline }: ChatPage): State {
  return { ...state, trail: [...state.trail, { roomId: room.id, scroll: scrollOf(timeline) }].slice(-trailMax) }
}

export function visited(state: State, page: ChatPage, event: Event & { kind: 'visited' }): Next {
  const { items, moreBefore, moreAfter, place } = event
  const entries = entriesOf(items)
  const last = entries.at(-1)
  const atEnd = last && moreAfter ? { key: last.key, hidden: 0 } : undefined
  const timeline: Timeline = { ...page.timeline, entries, moreBefore, moreAfter, anchor: atEnd, fetching: undefined }
  const there: ChatPage = { ...page, timeline, pick: undefined }
  const index = entries.findIndex((entry) => isAt(entry, place))
  const entry = entries[index]
  if (entry === undefined) {
    const isGone = place.at === 'message'
    const after = isGone ? problem(state, 'That message is no longer in the history.') : state
    return next({ ...after, page: there }, ...markSeen(state, there))
  }
  const isHit = place.at === 'message' && isPickable(entry, foldPage(there))
  // The hint takes a row of its own.
  const told = info(state, keyHint(state.preferences, 'back', 'back to where you were'))
  const { rows, measure } = geometry(told, there)
  const top = isHit ? Math.max(0, index - contextEntries) : index
  const anchor = anchorWithTop(entries, top, rows, measure) ?? atEnd
  const following = anchor === undefined
  // New messages must not push the selected one off the screen.
  const still = anchor ?? (isHit && last ? { key: last.key, hidden: 0 } : undefined)
  const shown: ChatPage = {
    ...there,
    timeline: { ...timeline, anchor: still, below: still === undefined ? 0 : timeline.below },
    pick: isHit ? { key: entry.key, keys: true, following } : undefined,
  }
  return next({ ...told, page: shown }, ...markSeen(state, shown))
}

function isAt({ key, item, place: at }: Entry, place: Place): boolean {
  switch (place.at) {
    case 'beginning':
      return true
    case 'seq':
      return item.kind === 'message' && item.seq >= place.seq
    case 'time':
      return at >= (place.i ?? 0)
    case 'message':
      return key === place.id
  }
}

/** Alt+Home. */
export function toBeginning(state: State, page: ChatPage): Next {
  return page.timeline.moreBefore ? visit(state, page, { at: 'beginning' }) : toTop(state, page)
}

/** Alt+U: to the first message that came while the person was not looking. */
export function toFirstUnread(state: State, page: ChatPage): Next {
  const { entries, newAfter, moreBefore } = page.timeline
  if (newAfter === undefined) return next(info(state, 'No unread messages here.'))
  const seqs = entries.map(({ item }) => (item.kind === 'message' ? item.seq : 0))
  const index = seqs.findIndex((seq) => seq > newAfter)
  const isInWindow = index >= 0 && (!moreBefore || seqs.some((seq) => seq > 0 && seq <= newAfter + 1))
  if (!isInWindow) return visit(state, page, { at: 'seq', seq: newAfter + 1 })
  const { rows, measure } = geometry(state, page)
  const anchor = anchorWithTop(entries, index, rows, measure)
  return next({ ...state, page: { ...page, timeline: { ...page.timeline, anchor } } })
}

/** Ctrl-O. */
export function goBack(state: State): Next {
  const last = state.trail.at(-1)
  if (last === undefined) return next(info(state, "You haven't jumped anywhere yet.", '/search and /jump do.'))
  const { roomId, scroll } = last
  const before: State = { ...state, trail: state.trail.slice(0, -1), flash: undefined }
  const { page } = before
  if (page.kind === 'chat' && page.room.id === roomId) {
    const still: ChatPage = { ...page, pick: undefined }
    if (scroll === undefined) return toEnd(before, still)
    const timeline: Timeline = { ...leaving(page.timeline, 'around'), anchor: scroll }
    const back: State = { ...before, page: { ...still, timeline } }
    return next(back, { do: 'fetch', direction: 'around', from: scroll.place, window: timeline.window })
  }
  const room = before.rooms.find(({ id }) => id === roomId)
  if (room === undefined) return next(problem(before, 'The room you came from is gone.'))
  const draft = before.drafts.get(roomId) ?? { editor: emptyEditor, history: emptyInputHistory, about: undefined }
  return openRoom({ ...before, drafts: new Map(before.drafts).set(roomId, { ...draft, scroll }) }, room)
}
