import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Logger } from '../../src/base/log.ts'
import { Emitter } from '../../src/base/emitter.ts'
import type { TimelineItem } from '../../src/chat/item.ts'
import { again, enter, kinds, person, say, texts, until, untilChat, world } from './world.ts'

/** Reads until the iterable ends. */
async function collect(items: AsyncIterable<TimelineItem>): Promise<TimelineItem[]> {
  const seen: TimelineItem[] = []
  for await (const item of items) seen.push(item)
  return seen
}

test('a listener that throws is logged once, and keeps nothing from the others', async () => {
  const lines: string[] = []
  const log: Logger = {
    debug() {},
    info() {},
    warn: (event, fields) => void lines.push(`${event} ${String(fields?.['of'])}`),
  }
  const events = new Emitter<{ readonly said: number; readonly other: number }>(log)
  const heard: number[] = []
  events.on('said', () => {
    throw new Error('a bug in a listener')
  })
  events.on('said', () => Promise.reject(new Error('a bug in an async listener')))
  const off = events.on('said', (n) => heard.push(n))
  events.emit('said', 1)
  events.emit('said', 2)
  off()
  events.emit('said', 3)
  await sleep(0)
  expect(heard).toEqual([1, 2])
  expect(lines).toEqual(['listener.threw said', 'listener.threw said'])
})

test('a room tells of messages, admin lines and requests by name, until off', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const heard: string[] = []
  const onMessage = (item: TimelineItem): void => void heard.push(...texts([item]))
  room.on('message', onMessage)
  room.on('admin', ({ event }) => heard.push(event))
  const knocked = Promise.withResolvers<string>()
  room.on('knock', ({ by }) => knocked.resolve(by.name))
  room.on('message', () => {
    throw new Error('a bug in a listener')
  })
  await say(room, 'one')
  const admission = await bob.chat.join('demo')
  expect(await knocked.promise).toBe('bob')
  await room.accept('bob', { trustNew: true })
  await admission.wait()
  room.off('message', onMessage)
  await say(room, 'two')
  expect(heard).toEqual(['one', 'accept'])
})

test('a chat tells of its connection, and an exception of a listener crashes nothing', async () => {
  const ada = await person(world('memory'), 'ada')
  ada.chat.on('change', () => {
    throw new Error('a bug in a listener')
  })
  const online = Promise.withResolvers<void>()
  ada.chat.on('connection', ({ state }) => state === 'online' && online.resolve())
  await ada.chat.create('demo')
  await online.promise
})

describe('what ends with the chat', () => {
  test('an iterator, whether it waits or has not begun', async () => {
    const ada = await person(world('memory'), 'ada')
    const room = await ada.chat.create('demo')
    await say(room, 'one')
    const reading = collect(room.follow({ from: 1 }))
    await sleep(0)
    await ada.chat.close()
    expect(texts(await reading)).toEqual(['one'])
    expect(await collect(room.follow())).toEqual([])
  })

  test('a wait for an answer', async () => {
    const place = world('memory')
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    await ada.chat.create('demo')
    const waiting = (await bob.chat.join('demo')).wait()
    waiting.catch(() => undefined)
    await bob.chat.close()
    await expect(waiting).rejects.toMatchObject({ code: 'closed' })
  })

  test('await using closes it, and it closes once', async () => {
    const ada = await person(world('memory'), 'ada')
    let closed: Promise<unknown>
    {
      await using chat = ada.chat
      const room = await chat.create('demo')
      closed = collect(room.follow())
    }
    await closed
    await ada.chat.close()
  })
})

test('returning from an iterator that waits ends it', async () => {
  const ada = await person(world('memory'), 'ada')
  const room = await ada.chat.create('demo')
  const items = room.follow()[Symbol.asyncIterator]()
  const next = items.next()
  await items.return?.()
  expect(await next).toEqual({ done: true, value: undefined })
})

describe('an abort signal', () => {
  test('ends each call at once, with its reason', async () => {
    const place = world('memory')
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    await enter(bob, room)
    ada.line.cut()
    const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => ada.chat.rooms(signal),
      (signal) => ada.chat.create('other', {}, signal),
      (signal) => ada.chat.open('demo', signal),
      (signal) => ada.chat.join('other', {}, signal),
      (signal) => ada.chat.dm('bob', {}, signal),
      (signal) => ada.chat.safetyNumber('bob', signal),
      (signal) => ada.chat.confirmKey('bob', '0', signal),
      (signal) => ada.chat.rekey(signal),
      (signal) => ada.chat.forget('demo', signal),
      (signal) => room.send('x', signal),
      (signal) => room.drop('x', signal),
      (signal) => room.history({ limit: 1 }, signal),
      (signal) => room.refresh(signal),
      (signal) => room.accept('bob', { trustNew: true }, signal),
      (signal) => room.reject('bob', {}, signal),
      (signal) => room.kick('bob', {}, signal),
      (signal) => room.leave(signal),
      (signal) => room.promote('bob', {}, signal),
      (signal) => room.demote('bob', {}, signal),
      (signal) => room.setPolicy({ listed: false }, signal),
      (signal) => room.setTopic('x', signal),
      (signal) => room.rotate(signal),
      (signal) => room.invite('cyd', {}, signal),
      (signal) => room.markRead(1, signal),
      (signal) => room.verify(signal),
      (signal) => room.repair(signal),
    ]
    for (const call of calls) {
      const reason = new Error('enough')
      await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason)
    }
  })

  test('of one who waits for an answer does not end the wait of another', async () => {
    const place = world('memory')
    const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
    const room = await ada.chat.create('demo')
    const admission = await bob.chat.join('demo')
    const impatient = new AbortController()
    const first = admission.wait(impatient.signal)
    const second = admission.wait()
    const reason = new Error('enough')
    impatient.abort(reason)
    await expect(first).rejects.toBe(reason)
    await room.accept('bob', { trustNew: true })
    expect((await second).id).toBe(room.id)
  })
})

describe.each(kinds)('a second program of the same person and home, on the %s store', (kind) => {
  test('learns of rooms, requests and reads at once', async () => {
    const place = world(kind)
    const ada = await person(place, 'ada')
    const other = await person(place, 'bob')
    const second = await again(place, ada)
    const room = await ada.chat.create('demo')
    await untilChat(second.chat, () => second.chat.knownRooms().some(({ standing }) => standing === 'member'))
    const theirs = await second.chat.open('demo')
    // Nor is a room of one's own ever offered to ask for, however soon the list is looked at.
    for (const name of ['one', 'two', 'three']) {
      await ada.chat.create(name)
      const listed = (await second.chat.rooms()).find((summary) => summary.name === name)
      expect(listed?.standing ?? 'member').toBe('member')
    }

    await other.chat.create('den')
    await ada.chat.join('den')
    await untilChat(second.chat, () => second.chat.knownRooms().some(({ standing }) => standing === 'waiting'))

    const bobs = await enter(other, room)
    await say(bobs, 'one', 'two')
    await until(room, () => room.unread === 2)
    await until(theirs, () => theirs.unread === 2)
    await room.markRead(2)
    await until(theirs, () => theirs.unread === 0)
  })
})
