/** Keys have an end: by the number of records, and by an age that an admin's client sees to. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { RoomSession } from '../../src/chat/room/room-session.ts'
import { isEpochOver, parseRotate, rotateText } from '../../src/chat/rotation.ts'
import { epochRecordsMax } from '../../src/base/limits.ts'
import type { Clock } from '../../src/base/clock.ts'
import { headOf } from '../../src/protocol/room.ts'
import { group, RoomBuilder, type User } from '../protocol/room-builder.ts'
import { again, enter, person, quickClock, until, world, type Being, type World } from './world.ts'

const dayMs = 86_400_000

describe('an epoch is over', () => {
  let played: RoomBuilder
  let ada: User, bob: User
  const seed = { next: 0 }
  beforeEach(async () => {
    played = new RoomBuilder(`rotation ${(seed.next += 1)}`)
    ada = await played.user('ada')
    bob = await played.user('bob')
    await played.create(ada, { policy: { ...group, rotateDays: 30 } })
    await played.join(ada, bob)
  })
  /** So long after the newest change, as it is dated. */
  const isOver = (afterMs: number, { next = played.log.length, seenAfterMs = 0 } = {}): boolean => {
    const { at } = headOf(played.room)
    return isEpochOver(played.room, { next, now: at + afterMs, seenAt: at + seenAfterMs })
  }

  it('after as many records as its key may seal, counted from its opening', async () => {
    expect(isOver(0, { next: epochRecordsMax - 1 })).toBe(false)
    expect(isOver(0, { next: epochRecordsMax })).toBe(true)
    const { i } = await played.rotate(ada)
    expect(isOver(0, { next: i + epochRecordsMax - 1 })).toBe(false)
    expect(isOver(0, { next: i + epochRecordsMax })).toBe(true)
  })

  it('at the age that the policy says, and never of age where it says never', async () => {
    await played.rotate(ada)
    expect(isOver(30 * dayMs - 1)).toBe(false)
    expect(isOver(30 * dayMs)).toBe(true)
    await played.policy(ada, 'members')
    expect(played.room.policy.rotateDays).toBe(0)
    expect(isOver(1000 * dayMs)).toBe(false)
    expect(isOver(0, { next: epochRecordsMax * 2 })).toBe(true)
  })

  it('at once if a member who is no admin dates its opening ahead; an admin’s is counted from when it was seen', async () => {
    await played.rekey(bob)
    expect(isOver(0)).toBe(false)
    expect(isOver(-2 * dayMs)).toBe(true)
    await played.rotate(ada)
    const [now, seenAfterMs] = [-2 * dayMs, -31 * dayMs]
    expect(isOver(now, { seenAfterMs })).toBe(false)
    expect(isOver(now, { seenAfterMs: seenAfterMs - dayMs })).toBe(true)
  })
})

describe('an age as text', () => {
  it('is a number of days, or never', () => {
    for (const days of [0, 1, 30, 3650]) expect(parseRotate(rotateText(days))).toBe(days)
    for (const text of ['', '0d', '030d', '30', '3651d', '-1d', '1.5d', 'Never', '30d ']) {
      expect(parseRotate(text), text).toBeUndefined()
    }
  })
})

describe('admins’ clients', () => {
  let place: World
  beforeEach(() => (place = world('memory')))
  const inDays = (days: number): Clock => ({ ...quickClock, now: () => quickClock.now() + days * dayMs })
  const later = async (being: Being, days: number): Promise<RoomSession> => {
    await being.chat.close()
    const { chat } = await again(place, being, being.home, inDays(days))
    // What the next call closes.
    Object.assign(being, { chat })
    return (await chat.open('demo')) as RoomSession
  }
  const epochOf = (room: RoomSession) => room.state?.epoch
  const scene = async () => {
    const ada = await person(place, 'ada')
    const bob = await person(place, 'bob')
    const room = await ada.chat.create('demo')
    await enter(bob, room)
    return { ada, bob, room }
  }

  it('replace keys that are a month old, once', async () => {
    const { ada, bob, room } = await scene()
    await room.promote('bob')
    const rooms = [await later(ada, 31), await later(bob, 31)]
    for (const one of rooms) await until(one, () => epochOf(one) === 1)
    await Promise.all(rooms.map((one) => one.fulfilDuties()))
    for (const one of rooms) await one.refresh()
    expect(rooms.map(epochOf)).toEqual([1, 1])
  })

  it('leave younger ones, and those of a room that says never', async () => {
    const { ada } = await scene()
    const young = await later(ada, 29)
    await young.fulfilDuties()
    expect(epochOf(young)).toBe(0)
    await young.setPolicy({ rotateDays: 0 })
    await young.fulfilDuties()
    const old = await later(ada, 400)
    await old.refresh()
    await old.fulfilDuties()
    expect([epochOf(old), old.policy.rotateDays]).toEqual([0, 0])
  })

  it('try again where the store did not answer', async () => {
    const { ada } = await scene()
    await ada.chat.close()
    const days = { since: 0 }
    const clock = { ...quickClock, now: () => quickClock.now() + days.since * dayMs }
    const { chat, line } = await again(place, ada, ada.home, clock)
    const room = (await chat.open('demo')) as RoomSession
    await room.refresh()
    days.since = 31
    line.cut()
    await expect(room.fulfilDuties()).rejects.toMatchObject({ code: 'unavailable' })
    line.mend()
    await room.fulfilDuties()
    expect(epochOf(room)).toBe(1)
  })

  it('are who does it: another member’s does not try', async () => {
    const { ada, bob } = await scene()
    await ada.chat.close()
    const old = await later(bob, 31)
    await old.refresh()
    await old.fulfilDuties()
    expect(epochOf(old)).toBe(0)
  })
})
