import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchBlockRecords } from '../../src/base/limits.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { searchKey, searchRange } from '../../src/chat/home/local-paths.ts'
import { encode } from '../../src/base/codec.ts'
import { sealLink } from '../../src/protocol/epoch.ts'
import { roomLogOf, storeOf } from '../protocol/properties/store-client.ts'
import { RoomBuilder } from '../protocol/room-builder.ts'
import { controlKey, logKey, numberOf } from '../../src/protocol/paths.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { readOne } from '../../src/store/read-one.ts'
import type { Entry, Store, Transaction } from '../../src/store/store.ts'
import type { Content } from '../../src/protocol/content.ts'
import { roundsOr } from './under-fire/drawn.ts'
import { SearchedRoom, ToldRoom } from './searched-room.ts'
import '../seeded-properties.ts'

const vocabulary = ['alpha', 'beta', 'Straße', 'STRASSE', 'ΟΔΟΣ', 'οδος', 'x', 'a\u00a0b', '¨', 'ﬁn', '👋🏽']
const asked = [...vocabulary, 'lph', 'a', 'fin', 'ss', '\u0308', 'nowhere']

const text = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 2 }).map((words) => words.join(' '))
const kinds = ['text', 'text', 'reply', 'file', 'edit', 'edit', 'edit', 'delete', 'react', 'unknown'] as const
/** A message among those that say nothing: `place` orders them, and `target` is the number of the one that it is about. */
const act = fc.record({
  by: fc.constantFrom(0, 0, 0, 1),
  kind: fc.constantFrom(...kinds),
  place: fc.nat(3 * searchBlockRecords),
  target: fc.nat(),
  text,
  together: fc.boolean(),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never
const query = fc.record({
  words: fc.array(fc.constantFrom(...asked), { maxLength: 2 }),
  last: fc.option(fc.constantFrom(1, 2, 7), { nil: undefined }),
})
const file = { type: 'file', mediaType: 'text/plain', size: 1, digest: zeroHash, key: zeroHash } as const

async function toldOf(drawn: readonly Act[]): Promise<ToldRoom> {
  const told = await ToldRoom.by('ada', 'bob', 'cyd')
  const acts = drawn.toSorted((a, b) => a.place - b.place)
  let [at, k] = [0, 0]
  while (k < acts.length) {
    const { by, place, together } = acts[k] as Act
    for (; at < place; at += 1) told.post(2, { type: 'text', text: 'so' })
    const contents: Content[] = []
    do contents.push(contentOf(told, acts, k++))
    while (together && acts[k]?.by === by)
    told.post(by, ...contents)
  }
  for (; at < 3 * searchBlockRecords; at += 1) told.post(2, { type: 'text', text: 'so' })
  return told
}

/** What it is about may come later, or be itself. */
function contentOf(told: ToldRoom, acts: readonly Act[], k: number): Content {
  const { kind, text: words, target } = acts[k] as Act
  const to = told.id((acts[target % acts.length] as Act).by, acts.slice(0, target % acts.length))
  switch (kind) {
    case 'text':
      return { type: 'text', text: words }
    case 'reply':
    case 'edit':
      return { type: kind, to, text: words }
    case 'delete':
      return { type: 'delete', to }
    case 'react':
      return { type: 'react', to, emoji: '👍', on: true }
    case 'file':
      return { ...file, name: words }
    case 'unknown':
      return { type: 'unknown', name: 'poll', value: ['poll', words] }
  }
}

describe('a search by the index', () => {
  it('finds exactly what a walk over the whole history finds', { timeout: 240_000 }, async () => {
    const acts = fc.array(act, { minLength: 20, maxLength: 40 })
    const queries = fc.array(query, { minLength: 12, maxLength: 24 })
    let hits = 0
    const property = fc.asyncProperty(acts, queries, async (drawn, asks) => {
      const room = await (await toldOf(drawn)).room()
      for (const { words, last } of [...asks, ...asks]) hits += (await room.search(words, last)).length
    })
    await fc.assert(property, { numRuns: roundsOr(2, 40) })
    expect(hits).toBeGreaterThan(0)
  })

  it('finds an edited message by its newest text, wherever the edit is, and reads only the blocks of both', async () => {
    const room = await (await changed()).room()
    expect(await room.search(['alpha'])).toEqual([])
    expect(await room.search(['gamma'])).toEqual([])
    expect(await room.search(['beta'])).toEqual([first])
    expect(await room.search(['nowhere'])).toEqual([])
    // What follows the last whole block.
    expect(room.recordsRead).toBeLessThan(searchBlockRecords)
    // The blocks of what was first said are read, and of those passed over the records of its changes.
    await room.search(['alpha'])
    expect(room.recordsRead).toBeLessThan(2 * searchBlockRecords + 2)
  })

  it('reads each record once at most, however often a message was edited', async () => {
    const told = await ToldRoom.by('ada')
    told.post(0, { type: 'text', text: 'alpha' })
    say(told, 2 * searchBlockRecords)
    for (let k = 0; k < searchBlockRecords; k += 1) told.post(0, { type: 'edit', to: told.id(0), text: 'beta' })
    say(told, 2 * searchBlockRecords)
    const room = await told.room()
    await room.search(['nowhere'])
    expect(await room.search(['alpha'])).toEqual([])
    expect(room.recordsRead).toBeLessThan(told.world.log.length)
  })

  it('goes on where a cancelled search has stopped', async () => {
    const told = await changed()
    const stop = new AbortController()
    class StoppingStore extends MemoryStore {
      override async commit(transaction: Transaction) {
        const result = await super.commit(transaction)
        if (transaction.then.some(({ key }) => Buffer.from(key).includes('/search/'))) stop.abort()
        return result
      }
    }
    const home = new StoppingStore()
    const room = await told.room(home)
    await expect(room.find(['nowhere'], undefined, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await rowsOf(home, told)).toHaveLength(1)
    await room.find(['nowhere'])
    expect(room.recordsRead).toBeLessThan(3 * searchBlockRecords)
    expect(await rowsOf(home, told)).toHaveLength(3)
  })

  it('writes no row about records that are locked, and forgets those behind them when their key comes', async () => {
    const world = new RoomBuilder('late keys')
    const [ada, eve] = [await world.user('ada'), await world.user('eve')]
    await world.create(ada)
    await world.join(ada, eve)
    const { keys } = await world.forged(ada, { type: 'rotate' }, { badLink: true, wrapFor: [] })
    const contents = [{ type: 'text', text: 'hidden' }] as const
    world.append(world.message(ada, { keys, contents, counter: 900_000 }))
    await world.recover(ada, { type: 'rotate' })
    for (let k = 0; k < 2 * searchBlockRecords; k += 1) world.say(eve, 'so')
    const [store, home] = [await storeOf(world), new MemoryStore()]
    const log = roomLogOf(store, world, eve, true, home)
    await log.catchUp()
    const room = new SearchedRoom(log, home, eve.signer.publicKey)
    const blocks = async () => (await home.range(...rangeOf(world))).entries.map(({ key }) => numberOf(key))
    expect(await room.search(['hidden'])).toEqual([])
    expect(await blocks()).toEqual([1])
    const links = [sealLink(world.roomId, world.keys, keys, world.dice.random)]
    const { i, bytes } = await world.forged(ada, { type: 'repair', epoch: 1 }, { header: { links } })
    await store.commit({ then: [{ kind: 'put', key: logKey(world.roomId, i), value: bytes }] })
    await store.commit({ then: [{ kind: 'put', key: controlKey(world.roomId, 5000 + i), value: encode(i) }] })
    await log.catchUp()
    expect(await blocks()).toEqual([])
    expect(await room.search(['hidden'])).toHaveLength(1)
    expect(await room.search(['hidden'])).toHaveLength(1)
    expect(await blocks()).toEqual([0, 1])
  })

  it('does without a row of more bytes than a row may have', async () => {
    const told = await ToldRoom.by('ada')
    const words = (k: number) => Array.from({ length: 1600 }, (_, n) => `${k}-${n}`.padEnd(9, 'x')).join(' ')
    for (let k = 0; k < 70; k += 1) told.post(0, { type: 'text', text: words(k) })
    say(told, 2 * searchBlockRecords)
    const home = new MemoryStore()
    const room = await told.room(home)
    expect(await room.search(['69-1599x'])).toEqual([70])
    expect(await room.search(['69-1599x'])).toEqual([70])
    expect((await rowsOf(home, told)).map(({ key }) => numberOf(key))).toEqual([1])
  })

  it('takes no row that is damaged, of another block, or of another log, and writes it anew', async () => {
    const told = await changed()
    const home = new MemoryStore()
    const room = await told.room(home)
    await room.search(['nowhere'])
    const [one, two, three] = (await rowsOf(home, told)) as [Entry, Entry, Entry]
    const damages = [
      [{ ...one, value: one.value.with(40, (one.value[40] as number) ^ 1) }],
      [{ ...one, value: one.value.slice(0, 5) }],
      [
        { ...one, value: two.value },
        { ...two, value: three.value },
      ],
    ]
    for (const damaged of damages) {
      await home.commit({ then: damaged.map(({ key, value }) => ({ kind: 'put', key, value })) })
      expect(await room.search(['beta'])).toEqual([first])
      for (const { key, value } of damaged) expect((await readOne(home, key))?.value).not.toEqual(value)
      await room.search(['nowhere'])
      expect(room.recordsRead).toBeLessThan(searchBlockRecords)
    }
    // As long, and with the same seal, but another log.
    const another = await changed('alpha2')
    const seal = room.seal
    const elsewhere = new MemoryStore()
    await (await another.room(elsewhere, seal)).search(['nowhere'])
    for (const { key, value } of await rowsOf(elsewhere, another)) {
      const block = numberOf(key)
      await home.commit({ then: [{ kind: 'put', key: searchKey(told.world.roomId, block), value }] })
    }
    expect(await room.search(['beta'])).toEqual([first])
  })
})

const first = 3

/** Three whole blocks: said at `first`, edited in the next block; something else deleted in the last. */
async function changed(text = 'alpha'): Promise<ToldRoom> {
  const told = await ToldRoom.by('ada', 'bob', 'cyd')
  told.post(0, { type: 'text', text })
  told.post(1, { type: 'text', text: 'gamma' })
  say(told, searchBlockRecords)
  told.post(0, { type: 'edit', to: told.id(0), text: 'beta' })
  say(told, searchBlockRecords)
  told.post(1, { type: 'delete', to: told.id(1) })
  say(told, searchBlockRecords)
  return told
}

function say(told: ToldRoom, count: number): void {
  for (let k = 0; k < count; k += 1) told.post(told.users.length - 1, { type: 'text', text: 'so' })
}

async function rowsOf(home: Store, { world }: ToldRoom): Promise<readonly Entry[]> {
  return (await home.range(...rangeOf(world))).entries
}

function rangeOf({ roomId }: RoomBuilder) {
  const { start, end } = searchRange(roomId)
  return [start, end] as const
}
