import { describe, expect, test } from 'vitest'
import type { Room } from '../../src/chat/chat.ts'
import type { TimelineItem } from '../../src/chat/item.ts'
import {
  again,
  anyKind,
  enter,
  kinds,
  messages,
  person,
  say,
  texts,
  told,
  until,
  wholeHistory,
  world,
} from './world.ts'

/** Reads on until it has seen a message with this text. */
async function readUntil(items: AsyncIterable<TimelineItem>, last: string): Promise<TimelineItem[]> {
  const seen: TimelineItem[] = []
  for await (const item of items) {
    seen.push(item)
    if (texts([item])[0] === last) break
  }
  return seen
}

async function collect(items: AsyncIterable<TimelineItem>): Promise<TimelineItem[]> {
  const seen: TimelineItem[] = []
  for await (const item of items) seen.push(item)
  return seen
}

const line = (k: number): string => `line ${k}`

async function sayMany(room: Room, from: number, to: number): Promise<void> {
  const sent = []
  for (let k = from; k <= to; k += 1) sent.push((await room.send(line(k))).sent)
  await Promise.all(sent)
}

describe.each(anyKind)('following a room on the %s store', (kind) => {
  test('from the beginning, while others write: no gap, no repetition', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await sayMany(room, 1, 700)
    await until(bobs, () => bobs.seq >= 100)
    // More than a page lies there already, and more comes while it is read.
    const reading = readUntil(bobs.follow({ from: 1 }), line(1000))
    await sayMany(room, 701, 1000)
    const items = await reading
    expect(texts(items)).toEqual(Array.from({ length: 1000 }, (_, k) => line(k + 1)))
    expect(messages(items).map(({ seq }) => seq)).toEqual(Array.from({ length: 1000 }, (_, k) => k + 1))
    expect(told(items).slice(0, 2)).toEqual(['create by ada', 'accept bob by ada'])
    expect(items).toEqual(await wholeHistory(bobs))
  })

  test.each([2, 65, 130])('from message %i on it begins with that one', async (from) => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    await sayMany(room, 1, 130)
    const reading = readUntil(room.follow({ from }), line(140))
    await sayMany(room, 131, 140)
    expect(texts(await reading)).toEqual(Array.from({ length: 140 - from + 1 }, (_, k) => line(from + k)))
  })

  test('without a beginning it shows only what is new', async () => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'old')
    const items = room.follow()[Symbol.asyncIterator]()
    const next = items.next()
    await say(room, 'new')
    expect(texts([(await next).value as TimelineItem])).toEqual(['new'])
    await items.return?.()
  })

  test('from a message that is yet to come', async () => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    await say(room, line(1))
    const reading = readUntil(room.follow({ from: 2 }), line(3))
    await say(room, line(2), line(3))
    expect(texts(await reading)).toEqual([line(2), line(3)])
  })

  test('it goes on over an outage of the store', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    const reading = readUntil(bobs.follow({ from: 1 }), line(30))
    await sayMany(room, 1, 10)
    await until(bobs, () => bobs.seq === 10)
    bob.line.cut()
    await sayMany(room, 11, 20)
    bob.line.mend()
    await sayMany(room, 21, 30)
    expect(texts(await reading)).toEqual(Array.from({ length: 30 }, (_, k) => line(k + 1)))
  })

  test('it ends with the membership, after the line that tells of it', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    const reading = collect(bobs.follow({ from: 1 }))
    await say(room, 'one')
    await until(bobs, () => bobs.seq === 1)
    await room.kick('bob')
    await say(room, 'two')
    expect(told(await reading)).toEqual(['create by ada', 'accept bob by ada', 'ada: one', 'kick bob by ada'])
  })

  test('it ends quietly when its signal is aborted', async () => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    const stop = new AbortController()
    const reading = collect(room.follow({ from: 1, signal: stop.signal }))
    await say(room, 'one')
    stop.abort()
    expect(told(await reading)).toEqual(['create by ada', 'ada: one'])
  })

  test('who knocks is shown to those who follow', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const items = room.follow()[Symbol.asyncIterator]()
    const next = items.next()
    await bob.chat.join('demo')
    expect((await next).value).toEqual({
      kind: 'admin',
      event: 'knock',
      at: expect.any(Number),
      by: bob.chat.self,
      target: bob.chat.self,
    })
    await items.return?.()
  })
})

describe.each(kinds)('what is unread on the %s store', (kind) => {
  test('it counts others’ messages until they are marked as read, also over a restart', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await sayMany(room, 1, 70)
    await until(bobs, () => bobs.seq === 70)
    expect(bobs).toHaveProperty('unread', 70)
    await bobs.markRead(50)
    expect([bobs.unread, bobs.readUpTo]).toEqual([20, 50])
    await bobs.markRead(30)
    expect([bobs.unread, bobs.readUpTo]).toEqual([20, 50])
    expect((await bob.chat.rooms())[0]).toMatchObject({ name: 'demo', unread: 20, members: 2 })
    await bob.chat.close()
    const later = await again(place, bob)
    await sayMany(room, 71, 75)
    expect((await later.chat.rooms())[0]).toMatchObject({ unread: 25 })
    const theirs = await later.chat.open('demo')
    await until(theirs, () => theirs.seq === 75)
    expect([theirs.unread, theirs.readUpTo]).toEqual([25, 50])
    // Beyond the end is the end.
    await theirs.markRead(1000)
    expect([theirs.unread, theirs.readUpTo]).toEqual([0, 75])
    await say(room, 'more')
    await until(theirs, () => theirs.seq === 76)
    expect(theirs.unread).toBe(1)
  })

  test('one’s own messages are not unread', async () => {
    const ada = await person(world(kind), 'ada')
    const room = await ada.chat.create('demo')
    await sayMany(room, 1, 70)
    expect([room.seq, room.unread]).toEqual([70, 0])
  })

  test('what others said before one’s own message stays unread until it is read', async () => {
    const place = world(kind)
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const bobs = await enter(bob, room)
    await say(room, 'one')
    await until(bobs, () => bobs.seq === 1)
    await bobs.markRead(1)
    await say(bobs, 'two')
    expect(bobs.unread).toBe(0)
    await say(room, 'three')
    await until(bobs, () => bobs.seq === 3)
    expect(bobs.unread).toBe(1)
  })
})
