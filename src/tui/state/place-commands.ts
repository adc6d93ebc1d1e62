/** `/move`, `/pin` and `/unpin`: where the open room stands beside the messages, and which number leads to it. Pure. */
import { roomPlacesMax } from '../../base/limits.ts'
import { changedPlaces, movedTo, newPlaces, type RoomPlaces } from '../../chat/room-places.ts'
import type { Handlers, TypedInRoom } from './commands.ts'
import { needsMore } from './commands.ts'
import { info, next, problem } from './next.ts'
import { joinedRooms, numberedRooms } from './room-list.ts'
import type { Next, State } from './state.ts'

export const placeCommands: Handlers<TypedInRoom> = {
  move: (typed) => (typed.argument === '' ? needsMore(typed) : placed(typed, undefined)),
  pin: (typed) => placed(typed, true),
  unpin: (typed) => (typed.argument === '' ? placed(typed, false) : needsMore(typed)),
}

function placed(typed: TypedInRoom, pinned: boolean | undefined): Next {
  const { state, page, argument } = typed
  const { id, name } = page.room
  const joined = joinedRooms(state.rooms)
  const now = numberedRooms(state).find(({ room }) => room.id === id)
  if (now === undefined) return next(problem(state, `You are not a member of ${name}: it has no number.`))
  if (argument !== '' && !/^[1-9][0-9]{0,3}$/.test(argument)) return needsMore(typed)
  const number = argument === '' ? now.number : Number(argument)
  if (number > roomPlacesMax) return next(problem(state, `Numbers go from 1 to ${roomPlacesMax}.`))
  const moved = movedTo(joined, state.places, id, number)
  const isPinned = pinned ?? state.places[id]?.pinned ?? false
  const change: RoomPlaces = { ...moved, [id]: { number, pinned: isPinned } }
  const after = { ...state, places: changedPlaces(state.places, change) }
  return next(info(after, placeText(number, isPinned, name)), { do: 'save-places', change })
}

function placeText(number: number, isPinned: boolean, name: string): string {
  const key = number <= 10 ? `Alt+${number % 10}` : `number ${number}`
  return `${name} is ${key}${isPinned ? ', and pinned above the others' : ''}.`
}

/** Rooms that have come get numbers of their own, which they keep. */
export function withPlaces(done: Next, before: State): Next {
  const { state } = done
  if (state.rooms === before.rooms && state.places === before.places) return done
  const change = newPlaces(joinedRooms(state.rooms), state.places)
  if (Object.keys(change).length === 0) return done
  const places = changedPlaces(state.places, change)
  return { state: { ...state, places }, effects: [...done.effects, { do: 'save-places', change }] }
}
