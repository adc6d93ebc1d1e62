/** All rooms at once: what it costs, and what becomes of one that is in trouble. */
import { expect, test } from 'vitest'
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import type { Logger } from '../../src/base/log.ts'
import type { Chat } from '../../src/chat/chat.ts'
import { checkpointKey } from '../../src/chat/home/local-paths.ts'
import { openAccounts } from '../../src/chat/open-accounts.ts'
import type { RangeOptions, Transaction, WatchOptions } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'
import type { Clock } from '../../src/base/clock.ts'
import { closeAtEnd, enter, person, quickClock, say, until, world, type Being, type World } from './world.ts'

/** Counts what is asked of the store, and fails everything that touches one room's log. */
class CountingStore extends FaultyStore {
  ranges = 0
  commits = 0
  failures = 0
  failing: string | undefined

  override async range(start: Uint8Array, end: Uint8Array, options?: RangeOptions, signal?: AbortSignal) {
    this.ranges += 1
    await this.#check(start)
    return super.range(start, end, options, signal)
  }

  override async commit(transaction: Transaction, signal?: AbortSignal) {
    this.commits += 1
    return super.commit(transaction, signal)
  }

  override async *watch(start: Uint8Array, end: Uint8Array, options?: WatchOptions) {
    await this.#check(start)
    yield* super.watch(start, end, options)
  }

  async #check(start: Uint8Array): Promise<void> {
    if (this.failing === undefined || !Buffer.from(start).includes(`${this.failing}/log/`)) return
    this.failures += 1
    const other = new FaultyStore(this)
    other.cut()
    await other.range(utf8('a'), utf8('b'))
  }
}

interface Program {
  readonly chat: Chat
  readonly store: CountingStore
  readonly warnings: string[]
}

/** Seconds pass as fast: the store is tried, and looked at, many times while a case runs. */
const hurried: Clock = {
  now: quickClock.now,
  sleep: (ms, options) => quickClock.sleep(ms >= 1000 ? ms / 20 : ms, options),
}

/** Another program of someone, whose warnings and questions to the store are looked at. */
async function watched(place: World, { name, password, home }: Being): Promise<Program> {
  const store = new CountingStore(await place.openStore())
  const warnings: string[] = []
  const warn: Logger['warn'] = (event, fields) => warnings.push(`${event} ${String(fields?.['room'])}`)
  const log: Logger = { debug() {}, info() {}, warn }
  const accounts = openAccounts({ home, store, clock: hurried, kdf: 'floor', log })
  const chat = await accounts.logIn({ name, password })
  closeAtEnd(chat, store)
  return { chat, store, warnings }
}

async function withRooms(place: World, count: number): Promise<{ ada: Being; ids: readonly string[] }> {
  const ada = await person(place, 'ada')
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push((await ada.chat.create(`room-${n}`, { unlisted: true })).id)
  await ada.chat.close()
  return { ada, ids }
}

test('rooms in which nothing is new cost one question per 128 of them', async () => {
  const place = world('memory')
  const { ada } = await withRooms(place, 140)
  const { chat, store } = await watched(place, ada)
  expect(chat.knownRooms()).toHaveLength(140)
  await chat.rooms()
  const before = { ranges: store.ranges, commits: store.commits }
  // The state of the store, its rooms and invitations; nothing of any one room.
  expect(before.ranges).toBeLessThan(20)
  const rooms = await chat.rooms()
  expect(rooms.map(({ members }) => members)).toEqual(Array.from({ length: 140 }, () => 1))
  expect([store.ranges - before.ranges, store.commits - before.commits]).toEqual([2, 2])
})

test('what is new in a room is counted at once, and then as it comes', async () => {
  const place = world('memory')
  const bob = await person(place, 'bob')
  const ada = await person(place, 'ada')
  const room = await ada.chat.create('demo')
  await enter(bob, room)
  await bob.chat.close()
  await say(room, 'one', 'two')
  const { chat } = await watched(place, bob)
  const unread = () => chat.knownRooms().map((one) => one.unread)
  expect((await chat.rooms()).map((one) => one.unread)).toEqual([2])
  await chat.close()
  const later = await watched(place, bob)
  expect((await later.chat.rooms()).map((one) => one.unread)).toEqual([2])
  const told = Promise.withResolvers<void>()
  later.chat.subscribe(() => later.chat.knownRooms()[0]?.unread === 3 && told.resolve())
  await say(room, 'three')
  await told.promise
  expect(unread()).toEqual([2])
  const bobs = await later.chat.open('demo')
  await say(bobs, 'four')
  await until(room, () => room.seq === 4)
})

test('a room that someone lists is known without asking', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  expect(await bob.chat.rooms()).toEqual([])
  const told = Promise.withResolvers<void>()
  bob.chat.subscribe(() => bob.chat.knownRooms().length === 1 && told.resolve())
  await ada.chat.create('demo')
  await told.promise
  expect(bob.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'stranger' }])
})

test('a room whose copy is damaged is listed as it is remembered, logged once, and spoils nothing else', async () => {
  const place = world('memory')
  const { ada, ids } = await withRooms(place, 3)
  await person(place, 'bob')
  const bad = ids[1] as string
  const local = await ada.home.open('ada')
  await local.commit({ then: [{ kind: 'put', key: checkpointKey(fromHex(bad)), value: utf8('spoiled') }] })
  await local.close()
  const { chat, warnings } = await watched(place, ada)
  for (let round = 0; round < 2; round += 1) {
    const rooms = await chat.rooms()
    expect(rooms.map(({ name, standing, members }) => [name, standing, members])).toEqual([
      ['room-0', 'member', 1],
      ['room-1', 'member', 0],
      ['room-2', 'member', 1],
    ])
  }
  expect(chat.connection.state).toBe('online')
  expect(warnings).toEqual([`room.refresh ${bad.slice(0, 8)}`])
  expect((await chat.dm('bob', { trustNew: true })).name).toBe('@bob')
  expect((await chat.rekey()).rooms).toBe(3)
})

test('a room that the store fails is the only one in trouble', async () => {
  const place = world('memory')
  const { ada, ids } = await withRooms(place, 3)
  const bad = ids[1] as string
  const { chat, store, warnings } = await watched(place, ada)
  store.failing = bad
  await chat.open(bad)
  const rooms = await chat.rooms()
  expect(rooms.map(({ name, members }) => [name, members])).toEqual(ids.map((_, n) => [`room-${n}`, 1]))
  const good = await chat.open(ids[0] as string)
  await say(good, 'one')
  expect(good.seq).toBe(1)
  const online = Promise.withResolvers<void>()
  chat.subscribe(() => chat.connection.state === 'online' && online.resolve())
  if (chat.connection.state !== 'online') await online.promise
  const { failures } = store
  await until(good, () => store.failures > failures + 8)
  expect(chat.connection.state).toBe('online')
  expect(warnings.filter((line) => line.startsWith('room.follow'))).toEqual([`room.follow ${bad.slice(0, 8)}`])
  expect(warnings.filter((line) => line.startsWith('store.'))).toEqual([])
})
