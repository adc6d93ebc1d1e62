/** Applies events of the open room to its page. Pure. */
import type { TimelineItem } from '../../chat/item.ts'
import { emptyEditor } from '../input/editor.ts'
import { emptyInputHistory } from '../input/history.ts'
import { draftOnOpening } from './drafts.ts'
import type { Effect } from './effect.ts'
import type { Event } from './event.ts'
import { isIgnoredItem } from './ignored.ts'
import { info, next, problem } from './next.ts'
import { repairLines } from '../../chat/wording.ts'
import type { ChatPage, Next, State } from './state.ts'
import type { Timeline } from './timeline.ts'
import {
  freshTimeline,
  isLeaving,
  oldestPlace,
  scrolledTo,
  withItemsAround,
  withSought,
  withItemsAgain,
  withNewItems,
  withNewerItems,
  withOlderItems,
  withReferred,
} from './timeline.ts'
import { newest } from './scrolling.ts'
import { verificationLines } from './trust.ts'
import { isWatched, markSeen, withUnseen } from './unseen.ts'
import { arriveAt, visited } from './visit.ts'

export function roomOpened(state: State, event: Event & { kind: 'opened' }): Next {
  const { room } = event
  const draft = draftOnOpening(state.drafts.get(room.id), event.typed)
  // Right after joining, everything is new: no line is needed for that.
  const newAfter = room.readUpTo > 0 && room.readUpTo < room.seq ? room.readUpTo : undefined
  const fresh: Timeline = {
    ...freshTimeline(event.items, event.more, newAfter),
    newUpTo: state.focused === false ? undefined : room.seq,
  }
  const scroll = draft?.scroll
  const unread = Math.max(0, room.seq - room.readUpTo)
  const back = scroll && scrolledTo(fresh, scroll, unread)
  // Further up than the newest page: fetched, and nothing counts as read meanwhile.
  const away: Timeline | undefined = scroll && { ...fresh, anchor: scroll, below: unread, fetching: 'around' }
  const page: ChatPage = {
    kind: 'chat',
    room,
    timeline: back ?? away ?? fresh,
    editor: draft?.editor ?? emptyEditor,
    history: draft?.history ?? emptyInputHistory,
    completion: undefined,
    pick: undefined,
    about: draft?.about,
    panel: undefined,
    ignored: state.preferences.ignored,
  }
  const inside: State = { ...state, page, busy: undefined, flash: undefined, sheet: undefined, confirm: undefined }
  const told =
    room.standing === 'member'
      ? inside
      : info(inside, 'You can still read what you have.', '/join to ask to be let back in.')
  const goal = state.goal?.roomId === room.id ? state.goal.place : undefined
  if (goal !== undefined) {
    // The end of the room is not looked at.
    const passed: ChatPage = { ...page, timeline: { ...fresh, moreAfter: true, below: unread } }
    return arriveAt({ ...told, goal: undefined }, passed, goal)
  }
  if (scroll !== undefined && back === undefined) {
    return next(told, { do: 'fetch', direction: 'around', from: scroll.place, window: page.timeline.window })
  }
  return withReferredTo(next(told, ...markSeen(state, page)))
}

/** Requests the messages that the window refers to. */
function withReferredTo(done: Next): Next {
  if (done.state.page.kind !== 'chat') return done
  const { page, effects } = lookUpReferred(done.state.page)
  return { state: { ...done.state, page }, effects: [...done.effects, ...effects] }
}

export function chatEvent(state: State, page: ChatPage, event: Event): Next {
  switch (event.kind) {
    case 'room': {
      const after: ChatPage = { ...page, room: event.room }
      return next({ ...state, page: after })
    }
    case 'items': {
      const isHeard = (item: TimelineItem): boolean => !isIgnoredItem(page.ignored, item)
      const arrived = withNewItems(page.timeline, event.items, isHeard)
      const heard = event.items.filter(isHeard)
      const timeline = isWatched(state, page) ? arrived : withUnseen(page.timeline, arrived, heard)
      const after: ChatPage = { ...page, timeline }
      return withReferredTo(next({ ...state, page: after }, ...markSeen(state, after)))
    }
    case 'renewed':
      return renewed(state, page)
    case 'fetched':
      if (isForAnother(page, event)) return event.direction === 'again' ? renewed(state, page) : next(state)
      return withReferredTo(readAgain(fetched(state, page, event)))
    case 'visited':
      if (isForAnother(page, event)) return next(state)
      return withReferredTo(readAgain(visited(state, page, event)))
    case 'referred':
      return next({ ...state, page: { ...page, timeline: withReferred(page.timeline, event.items) } })
    case 'fetch-failed': {
      const timeline: Timeline = { ...page.timeline, fetching: undefined }
      return next(problem({ ...state, page: { ...page, timeline } }, event.text, event.hint))
    }
    case 'repaired': {
      const lines = ['', ...repairLines(event.repair).map((line) => ` ${line}`)]
      return next({ ...state, busy: undefined, sheet: { title: `${page.room.name} repaired`, lines, top: 0 } })
    }
    case 'verified': {
      const lines = verificationLines(event.verification, event.now, event.compared)
      return next({ ...state, busy: undefined, sheet: { title: `${page.room.name} checked`, lines, top: 0 } })
    }
    default:
      return next(state)
  }
}

/**
 * Once everything has been read, the items on the screen get numbers; before that, the newest are available at once.
 */
function renewed(state: State, page: ChatPage): Next {
  const { timeline, room } = page
  if (isLeaving(timeline)) return next({ ...state, page: { ...page, timeline: { ...timeline, again: true } } })
  const from = oldestPlace(timeline) ?? 0
  if (room.reading === undefined) return next(state, { do: 'fetch', direction: 'again', from, window: timeline.window })
  if (timeline.anchor === undefined) return next(...newest(state, page))
  return next({ ...state, page: { ...page, timeline: { ...timeline, moreAfter: true } } })
}

/** The answer to what was asked before one went elsewhere. */
function isForAnother({ timeline }: ChatPage, { window }: Event & { kind: 'fetched' | 'visited' }): boolean {
  return window !== undefined && window !== timeline.window
}

/** What was to be read again when the window was still on its way. */
function readAgain(done: Next): Next {
  const { page } = done.state
  if (page.kind !== 'chat' || !page.timeline.again || isLeaving(page.timeline)) return done
  const after = renewed(done.state, { ...page, timeline: { ...page.timeline, again: false } })
  return { state: after.state, effects: [...done.effects, ...after.effects] }
}

function fetched(state: State, page: ChatPage, event: Event & { kind: 'fetched' }): Next {
  const { direction, items, more } = event
  const { timeline } = page
  if (direction === 'newest') {
    const { newAfter, newUpTo, aside, window, again } = timeline
    const fresh = { ...freshTimeline(items, more, newAfter, aside), newUpTo, window, again }
    const after: ChatPage = { ...page, timeline: fresh }
    return next({ ...state, page: after }, ...markSeen(state, after))
  }
  if (direction === 'again') {
    const after: ChatPage = { ...page, timeline: withItemsAgain(timeline, event.from ?? 0, items, more) }
    return next({ ...state, page: after }, ...markSeen(state, after))
  }
  if (direction === 'around') {
    return next({ ...state, page: { ...page, timeline: withItemsAround(timeline, items, more) } })
  }
  const moved = direction === 'older' ? withOlderItems(timeline, items, more) : withNewerItems(timeline, items, more)
  return next({ ...state, page: { ...page, timeline: moved } })
}

/** How many are looked up at a time; the rest waits for the next round. */
const idsMax = 50

function lookUpReferred(page: ChatPage): { readonly page: ChatPage; readonly effects: readonly Effect[] } {
  const { timeline } = page
  const before = oldestPlace(timeline)
  if (before === undefined || !timeline.moreBefore) return { page, effects: [] }
  const here = new Set(timeline.entries.flatMap(({ item }) => (item.kind === 'message' ? [item.id] : [])))
  const wanted = new Set<string>()
  for (const { item } of timeline.entries) {
    if (item.kind !== 'message' || !('to' in item) || here.has(item.to)) continue
    if (!timeline.aside.has(item.to) && !timeline.sought.has(item.to)) wanted.add(item.to)
  }
  const ids = [...wanted].slice(0, idsMax)
  if (ids.length === 0) return { page, effects: [] }
  return { page: { ...page, timeline: withSought(timeline, ids) }, effects: [{ do: 'look-up', ids, before }] }
}
