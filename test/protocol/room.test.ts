import { beforeAll, describe, expect, it } from 'vitest'
import { headOf, roomJudging, markBefore, memberAt, ordinalOf } from '../../src/protocol/room.ts'
import { RoomBuilder, type User } from './room-builder.ts'

let world: RoomBuilder
let ada: User, bob: User
beforeAll(async () => {
  world = new RoomBuilder('room')
  ada = await world.user('ada')
  bob = await world.user('bob')
  await world.create(ada) // 0
  world.say(ada, 'one') // 1
  await world.join(ada, bob) // 2
  world.say(bob, 'two') // 3
  await world.promote(ada, bob) // 4
  world.say(bob, 'three') // 5
  await world.kick(ada, bob) // 6
  world.say(ada, 'four') // 7
  await world.join(ada, bob) // 8
})

describe('a room', () => {
  it('knows which control record was in force at an index', () => {
    const at = Array.from({ length: 10 }, (_, i) => markBefore(world.room, i)?.i)
    expect(at).toEqual([undefined, 0, 0, 2, 2, 4, 4, 6, 6, 8])
    expect(headOf(world.room).i).toBe(8)
  })

  it('knows who was in, and as what, when a record was written', () => {
    const at = (i: number) => memberAt(world.room, bob.signer.publicKey, i)?.admin
    // Behind the accept at 2; an admin behind 4; out behind the kick at 6; in again behind 8.
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(at)).toEqual([
      undefined,
      undefined,
      undefined,
      false,
      false,
      true,
      true,
      undefined,
      undefined,
      false,
    ])
  })

  it('finds a control record by its hash', () => {
    expect([...world.room.marks].map(({ hash }) => ordinalOf(world.room, hash))).toEqual([0, 1, 2, 3, 4])
    expect(ordinalOf(world.room, new Uint8Array(32))).toBeUndefined()
  })

  it('judges each record by what it was when the record came', () => {
    expect(headOf(roomJudging(world.room, 5)).i).toBe(4)
    expect(roomJudging(world.room, 9)).toBe(world.room)
  })

  it('has no head without genesis', () => {
    expect(() => headOf({ ...world.room, marks: world.room.marks.clear() })).toThrow()
  })
})
