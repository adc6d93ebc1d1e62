import { describe, expect, it } from 'vitest'
import { roomPlacesMax } from '../../src/base/limits.ts'
import { changedPlaces, movedTo, newPlaces, numberRooms, type RoomPlaces } from '../../src/chat/room-places.ts'

const rooms = ['a', 'b', 'c'].map((id) => ({ id }))
const at = (number: number, pinned = false) => ({ number, pinned })

function numbers(places: RoomPlaces, all = rooms): readonly string[] {
  return numberRooms(all, places).map(({ room, number }) => `${number} ${room.id}`)
}

describe('numbers', () => {
  it('are those of the list, at first', () => {
    expect(numbers({})).toEqual(['1 a', '2 b', '3 c'])
    expect(newPlaces(rooms, {})).toEqual({ a: at(1), b: at(2), c: at(3) })
  })

  it('stay, and what comes takes the lowest free one', () => {
    expect(numbers({ b: at(1), gone: at(2) })).toEqual(['1 b', '2 a', '3 c'])
    expect(newPlaces(rooms, { b: at(1) })).toEqual({ a: at(2), c: at(3) })
    expect(newPlaces(rooms, { a: at(1), b: at(2), c: at(3) })).toEqual({})
  })

  it('are each for one room, also where two identities of the home gave one twice', () => {
    expect(numbers({ a: at(2), b: at(2) })).toEqual(['1 b', '2 a', '3 c'])
    // What is kept is not changed for that.
    expect(newPlaces(rooms, { a: at(2), b: at(2), c: at(3) })).toEqual({})
  })

  it('are swapped by a move', () => {
    const places = { a: at(1), b: at(2, true), c: at(3) }
    expect(movedTo(rooms, places, 'a', 2)).toEqual({ a: at(2), b: at(1, true) })
    expect(movedTo(rooms, places, 'a', 9)).toEqual({ a: at(9) })
    expect(movedTo(rooms, places, 'b', 2)).toEqual({ b: at(2, true) })
  })
})

it('places are bounded: the oldest go, and no more come by themselves', () => {
  const full = Object.fromEntries(Array.from({ length: roomPlacesMax }, (_, n) => [`room ${n}`, at(n + 1)]))
  const after = changedPlaces(full, { a: at(7) })
  expect(Object.keys(after)).toHaveLength(roomPlacesMax)
  expect(after).not.toHaveProperty('room 0')
  expect(after).toHaveProperty('a', at(7))
  expect(newPlaces(rooms, full)).toEqual({})
})
