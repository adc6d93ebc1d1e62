/** What needs attention, as this screen deals with it: where Alt+A goes next, and what is announced. Pure. */
import {
  byUrgency,
  isAnnounced,
  isForYou,
  isLasting,
  isMuted,
  keysOf,
  news,
  type Noticed,
} from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { attentionText } from '../../chat/wording.ts'
import { openRoom, toNewest, toRooms } from './navigation.ts'
import { info, next } from './next.ts'
import { roomLabel } from '../../chat/room-label.ts'
import { numberedRooms, roomRows } from './room-list.ts'
import type { Next, State } from './state.ts'
import { isWatched } from './unseen.ts'

/**
 * To the most urgent that this screen has not shown yet, equally urgent ones in turn from the open room. An invitation is
 * only pointed at: taking it up is the person's decision.
 */
export function nextAttention(state: State): Next {
  const [first] = byUrgency(inTurn(state)).filter(({ room, attention }) => {
    if (!isForYou(attention) && isMuted(state.notify, room.id)) return false
    return !keysOf(room.id, attention).every((key) => state.seen.has(key))
  })
  if (first === undefined) return next(info(state, 'No unread messages in other rooms.'))
  const after = withSeen(state, first)
  return first.room.standing === 'member'
    ? openRoom(toNewest(after, first.room.id), first.room)
    : pointAt(after, first.room)
}

/** All other rooms, from the open one on. */
function inTurn({ rooms, places, page }: State): readonly RoomSummary[] {
  const joined = numberedRooms({ rooms, places }).map(({ room }) => room)
  const all = [...joined, ...rooms.filter(({ standing }) => standing === 'invited')]
  const at = page.kind === 'chat' ? all.findIndex(({ id }) => id === page.room.id) : -1
  return [...all.slice(at + 1), ...all.slice(0, Math.max(0, at))]
}

/** Requests and invitations wait until they are answered; once shown, they are not what Alt+A is for. */
function withSeen(state: State, { room, attention }: Noticed<RoomSummary>): State {
  if (!isLasting(attention.kind)) return state
  return { ...state, seen: new Set([...state.seen, ...keysOf(room.id, attention)]) }
}

/** Shows it in the list of rooms. */
export function pointAt(state: State, room: RoomSummary): Next {
  const done = toRooms(state)
  const { page } = done.state
  if (page.kind !== 'rooms') return done
  const selected = roomRows(state.rooms, '').findIndex((row) => row.room?.id === room.id)
  return { ...done, state: { ...done.state, page: { ...page, selected: Math.max(0, selected) } } }
}

/**
 * Calls for the person if something has come that is not in front of them. Names are said and texts are not: a desktop
 * keeps what it was told.
 */
export function withNews(before: State, after: State, settled: boolean): Next {
  const { program, notify, focused, rooms } = after
  const state = { ...after, seen: seenNow(after) }
  const isLate = ({ attention }: Noticed<RoomSummary>): boolean => !settled && attention.newest < program.startedAt
  const fresh = news(before.rooms, rooms).filter((one) => {
    return !isInFront(after, one.room) && !isLate(one) && isAnnounced(one, notify)
  })
  const [first, ...more] = fresh
  if (first === undefined) return next(state)
  const text = attentionText(roomLabel(first.room, rooms), first.attention)
  const all = more.length === 0 ? text : `${text} (+${more.length} more)`
  return next(state, { do: 'call', text: focused === true ? undefined : all })
}

function isInFront(state: State, { id }: RoomSummary): boolean {
  return state.page.kind === 'chat' && state.page.room.id === id && isWatched(state, state.page)
}

/** What still waits of what was shown, and what is shown in the open room. */
function seenNow(state: State): State['seen'] {
  const open = state.page.kind === 'chat' ? state.page.room.id : ''
  const present = state.rooms.flatMap(({ id, attention }) => {
    const lasting = attention.filter(({ kind }) => isLasting(kind))
    return lasting.flatMap((one) => keysOf(id, one).filter((key) => id === open || state.seen.has(key)))
  })
  return new Set(present)
}
