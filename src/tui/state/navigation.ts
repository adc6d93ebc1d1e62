/** Moves between pages: each room keeps its typed text, and none of its messages. Pure. */
import type { CreateOptions, RoomSummary } from '../../chat/chat.ts'
import { seeminglyDeclined } from '../../chat/wording.ts'
import { emptyEditor } from '../input/editor.ts'
import type { Effect } from './effect.ts'
import { numberedRooms } from './room-list.ts'
import { scrollOf } from './timeline.ts'
import type { Next, RoomsPage, State } from './state.ts'
import { ask, askToQuit, next, problem } from './next.ts'

/** The state with the open room's typed text saved. */
function keepDraft(state: State): State {
  const { page } = state
  if (page.kind !== 'chat') return state
  const drafts = new Map(state.drafts).set(page.room.id, {
    editor: page.editor,
    history: page.history,
    about: page.about,
    // Selecting holds the screen still, and is over.
    scroll: page.pick?.following === true ? undefined : scrollOf(page.timeline),
  })
  return { ...state, drafts }
}

export function toRooms(state: State): Next {
  const from = state.page.kind === 'chat' ? state.page.room.id : undefined
  const rooms: State = {
    ...keepDraft(state),
    page: { kind: 'rooms', from, editor: emptyEditor, selected: 0 },
    sheet: undefined,
  }
  return next(rooms, ...closing(state), { do: 'refresh-rooms' })
}

function closing(state: State): readonly Effect[] {
  return state.page.kind === 'chat' ? [{ do: 'close-room' }] : []
}

export function openRoom(state: State, room: RoomSummary): Next {
  if (state.page.kind === 'chat' && state.page.room.id === room.id) return next(state)
  const label = `opening ${room.name}…`
  return next({ ...keepDraft(state), busy: { label, frame: 0 } }, { do: 'open', room: room.id })
}

/** `shown`: the name, if the room is given by its id. */
export function joinRoom(state: State, room: string, shown = room): Next {
  const label = `asking to join ${shown}…`
  return next({ ...keepDraft(state), busy: { label, frame: 0 } }, { do: 'join', room })
}

/** Escape in the list of rooms: to the room that it was opened from. */
export function backFromRooms(state: State, { from }: RoomsPage): Next {
  const room = state.rooms.find(({ id }) => id === from)
  return room === undefined ? askToQuit(state) : openRoom(state, room)
}

export function createRoom(state: State, name: string, options: CreateOptions = {}): Next {
  const label = `creating ${name}…`
  return next({ ...keepDraft(state), busy: { label, frame: 0 } }, { do: 'create', name, options })
}

/** Enter on the last row of a filtered list: never without a question where there are rooms that may have been meant. */
export function createFromList(state: State, name: string): Next {
  const effect = { do: 'create', name, options: {}, fromList: true } as const
  const label = `creating ${name}…`
  if (state.rooms.length === 0) return next({ ...state, busy: { label, frame: 0 } }, effect)
  return next(ask(state, `Create a new room called ${name}?`, label, effect))
}

/** What is new is looked for, and not the place where one was. */
export function toNewest(state: State, roomId: string): State {
  const draft = state.drafts.get(roomId)
  if (draft === undefined) return state
  return { ...state, drafts: new Map(state.drafts).set(roomId, { ...draft, scroll: undefined }) }
}

/** Enter on a room of the list. */
export function enterRoom(state: State, room: RoomSummary): Next {
  switch (room.standing) {
    case 'member':
    case 'left':
    case 'kicked':
      return openRoom(state, room)
    case 'invited':
    case 'waiting':
    case 'stranger':
      return joinRoom(state, room.id, room.name)
    case 'rejected': {
      const question = `${seeminglyDeclined(room.name).text}. Ask again?`
      return next(ask(state, question, `asking to join ${room.name}…`, { do: 'join', room: room.id }))
    }
  }
}

export function roomNumber(state: State, number: number): Next {
  const room = numberedRooms(state).find((one) => one.number === number)?.room
  return room === undefined ? next(problem(state, `There is no room ${number}.`)) : openRoom(state, room)
}

export function neighbourRoom(state: State, step: 1 | -1): Next {
  const rooms = numberedRooms(state).map(({ room }) => room)
  const open = state.page.kind === 'chat' ? state.page.room.id : undefined
  const at = rooms.findIndex((room) => room.id === open)
  const room = rooms[(at + step + rooms.length) % Math.max(1, rooms.length)]
  return room === undefined ? next(state) : openRoom(state, room)
}
