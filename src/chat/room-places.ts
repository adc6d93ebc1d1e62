/**
 * Where rooms stand in a terminal: the number that a key leads to, and whether a room is pinned above the others. A number
 * stays until the person moves the room; what a new room or another identity of the home needs moves none. Pure.
 */
import { roomPlacesMax } from '../base/limits.ts'

export interface RoomPlace {
  /** From 1 to `roomPlacesMax`. */
  readonly number: number
  readonly pinned: boolean
}

/** By room id. */
export type RoomPlaces = Readonly<Record<string, RoomPlace>>

/** Where they are kept; several programs use it. */
export interface RoomPlacesStore {
  read(): Promise<RoomPlaces>
  /** Keeps these rooms' places, and all others as they are. */
  save(change: RoomPlaces): Promise<void>
}

/** The oldest go where there are too many. */
export function changedPlaces(places: RoomPlaces, change: RoomPlaces): RoomPlaces {
  const others = Object.entries(places).filter(([id]) => !Object.hasOwn(change, id))
  return Object.fromEntries([...others, ...Object.entries(change)].slice(-roomPlacesMax))
}

export interface Numbered<R> {
  readonly room: R
  readonly number: number
}

/** By number: the kept ones, the others in the free numbers. Of two with one number, the first in the list has it. */
export function numberRooms<R extends { readonly id: string }>(
  rooms: readonly R[],
  places: RoomPlaces,
): readonly Numbered<R>[] {
  const taken = new Map<number, R>()
  const without: R[] = []
  for (const room of rooms) {
    const number = places[room.id]?.number
    if (number === undefined || taken.has(number)) without.push(room)
    else taken.set(number, room)
  }
  let free = 1
  for (const room of without) {
    while (taken.has(free)) free += 1
    taken.set(free, room)
  }
  return [...taken].map(([number, room]) => ({ room, number })).sort((a, b) => a.number - b.number)
}

/** The numbers of rooms that have none yet, to be kept from now on. */
export function newPlaces(rooms: readonly { readonly id: string }[], places: RoomPlaces): RoomPlaces {
  const left = roomPlacesMax - Object.keys(places).length
  const fresh = numberRooms(rooms, places).filter(({ room, number }) => {
    return !Object.hasOwn(places, room.id) && number <= roomPlacesMax
  })
  return Object.fromEntries(
    fresh.slice(0, Math.max(0, left)).map(({ room, number }) => [room.id, { number, pinned: false }]),
  )
}

/** The room takes the number; the one that had it takes the room's. */
export function movedTo(
  rooms: readonly { readonly id: string }[],
  places: RoomPlaces,
  id: string,
  number: number,
): RoomPlaces {
  const numbered = numberRooms(rooms, places)
  const from = numbered.find(({ room }) => room.id === id)?.number
  const other = numbered.find((one) => one.number === number)?.room.id
  const place = (room: string, at: number): RoomPlaces => ({
    [room]: { number: at, pinned: places[room]?.pinned ?? false },
  })
  const swapped = other === undefined || other === id || from === undefined ? {} : place(other, from)
  return { ...swapped, ...place(id, number) }
}
