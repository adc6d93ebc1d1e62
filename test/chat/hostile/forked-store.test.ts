/** A store that shows two people two copies of a room: what is noticed, and at which crossing. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { knocksRange, logKey } from '../../../src/protocol/paths.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { readOne } from '../../../src/store/read-one.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, say, until, wholeHistory, world, type Being, type World } from '../world.ts'

interface Branch {
  readonly store: Store
  readonly room: Room
  readonly place: World
}

interface Scene {
  readonly adas: Branch
  readonly bobs: Branch
  readonly ada: Being
  readonly bob: Being
}

/** A copy of everything that the store holds. */
async function copyOf(store: Store, place: World): Promise<World> {
  const copy = new MemoryStore()
  const { entries } = await store.range(Uint8Array.of(0), Uint8Array.of(255, 255))
  for (const { key, value } of entries) await copy.commit({ then: [{ kind: 'put', key, value }] })
  return { ...place, openStore: async () => copy.another() }
}

/** Ada and bob in a room; from here on the store shows each of them a copy of their own, and both are online. */
async function forked(): Promise<Scene> {
  const place = world('memory')
  const [ada, before] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  await say(room, 'one')
  const theirs = await enter(before, room)
  await theirs.refresh()
  await before.chat.close()
  const store = await place.openStore()
  const other = await copyOf(store, place)
  const otherStore = await other.openStore()
  onTestFinished(async () => void (await Promise.all([store.close(), otherStore.close()])))
  const bob = await again(other, before)
  const bobs = await bob.chat.open('demo')
  await bobs.refresh()
  await say(room, 'only ada’s')
  await say(bobs, 'only bob’s')
  expect([ada.chat.connection.state, bob.chat.connection.state]).toEqual(['online', 'online'])
  for (const one of [room, bobs]) expect([(await one.verify()).damage, one.recovery]).toEqual([[], undefined])
  return { adas: { store, room, place }, bobs: { store: otherStore, room: bobs, place: other }, ada, bob }
}

/** Where the store wants a record of one branch to be believed on the other: at the same place. */
async function carryOver(from: Branch, to: Branch, i: number): Promise<void> {
  const key = logKey(fromHex(from.room.id), i)
  const entry = await readOne(from.store, key)
  await to.store.commit({ then: [{ kind: 'put', key, value: entry?.value as Bytes }] })
}

const tampering = (name: string) => ({
  kind: 'damaged',
  text: expect.stringContaining(`The store shows ${name} another copy of demo`),
})

async function recordsOf(room: Room): Promise<number> {
  return (await room.verify()).records
}

test('a message that crosses over is an alarm, and stays one', async () => {
  const { adas, bobs, bob } = await forked()
  const end = await recordsOf(bobs.room)
  await say(adas.room, 'two')
  await carryOver(adas, bobs, end)
  await until(bobs.room, () => bobs.room.recovery !== undefined)
  expect(bobs.room.recovery).toMatchObject(tampering('ada'))
  expect((await bobs.room.verify()).damage).toContainEqual({ i: end, reason: expect.stringContaining('ada signed it') })
  expect((await wholeHistory(bobs.room)).at(-1)).toMatchObject({ kind: 'warning' })
  await say(bobs.room, 'still able to say so')
  await bob.chat.close()
  const later = await again(bobs.place, bob)
  expect((await later.chat.open('demo')).recovery).toMatchObject(tampering('ada'))
})

test('so is a change of the room, an invitation among them', async () => {
  const { adas, bobs } = await forked()
  await person(adas.place, 'cyd')
  const end = await recordsOf(bobs.room)
  const { i } = await adas.room.invite('cyd', { trustNew: true })
  expect(i).toBe(end)
  await carryOver(adas, bobs, i)
  await until(bobs.room, () => bobs.room.recovery !== undefined)
  expect(bobs.room.recovery).toMatchObject(tampering('ada'))
  expect(bobs.room.invitations).toEqual([])
})

test('it works in both directions, and where the other branch has changed the room too', async () => {
  const { adas, bobs } = await forked()
  await bobs.room.setTopic('elsewhere')
  const end = await recordsOf(adas.room)
  await say(adas.room, ...Array.from({ length: (await recordsOf(bobs.room)) - end }, (_, k) => `filler ${k}`))
  await say(bobs.room, 'after the topic')
  await carryOver(bobs, adas, await recordsOf(adas.room))
  await until(adas.room, () => adas.room.recovery !== undefined)
  expect(adas.room.recovery).toMatchObject({ kind: 'frozen', text: expect.stringContaining('than bob saw') })
})

test('nobody else can raise the alarm: a stranger’s junk, or a record of another place', async () => {
  const { adas, bobs } = await forked()
  await say(adas.room, 'two', 'three')
  const roomId = fromHex(bobs.room.id)
  const end = await recordsOf(bobs.room)
  const [moved] = [await readOne(adas.store, logKey(roomId, end - 1))]
  await bobs.store.commit({ then: [{ kind: 'put', key: logKey(roomId, end), value: moved?.value as Bytes }] })
  await bobs.store.commit({ then: [{ kind: 'put', key: logKey(roomId, end + 1), value: new Uint8Array(300) }] })
  await bobs.room.refresh()
  expect((await wholeHistory(bobs.room)).filter(({ kind }) => kind === 'warning')).toHaveLength(2)
  expect(bobs.room.recovery).toBeUndefined()
})

test('a request to join that crosses over is shown with a warning, and is not accepted', async () => {
  const { adas, bobs } = await forked()
  const cyd = await person(adas.place, 'cyd')
  await cyd.chat.join('demo')
  await until(adas.room, () => adas.room.knocks.length === 1)
  expect(adas.room.knocks[0]).not.toHaveProperty('elsewhere')
  const { start, end } = knocksRange(fromHex(adas.room.id))
  const { entries } = await adas.store.range(start, end)
  for (const { key, value } of entries) await bobs.store.commit({ then: [{ kind: 'put', key, value }] })
  await until(bobs.room, () => bobs.room.knocks.length === 1)
  expect(bobs.room.knocks[0]).toMatchObject({ name: 'cyd', elsewhere: true })
  await expect(bobs.room.accept('cyd', { trustNew: true })).rejects.toMatchObject({ code: 'tampering' })
  expect(bobs.room.members).toHaveLength(2)
  await adas.room.accept('cyd', { trustNew: true })
})

test('so it is where the other branch is longer', async () => {
  const { adas, bobs } = await forked()
  for (let k = 0; k < 3; k += 1) await say(adas.room, `ahead ${k}`)
  const cyd = await person(adas.place, 'cyd')
  await cyd.chat.join('demo')
  const { start, end } = knocksRange(fromHex(adas.room.id))
  const { entries } = await adas.store.range(start, end)
  for (const { key, value } of entries) await bobs.store.commit({ then: [{ kind: 'put', key, value }] })
  await until(bobs.room, () => bobs.room.knocks.length === 1)
  await expect(bobs.room.accept('cyd', { trustNew: true })).rejects.toMatchObject({ code: 'tampering' })
})

/** As it is told on the telephone. */
async function head(room: Room): Promise<string> {
  const { records, headPhrase } = await room.verify()
  return `${records} ${headPhrase}`
}

test('a head phrase that is told by telephone shows it', async () => {
  const { adas, bobs } = await forked()
  expect(await bobs.room.compareHead(await head(adas.room))).toBe('other-branch')
  expect(await adas.room.compareHead(await head(bobs.room))).toBe('other-branch')
  await say(adas.room, 'ahead')
  expect(await bobs.room.compareHead(await head(adas.room))).toBe('unknown')
  // Without the number it may be one that is still to come.
  expect(await bobs.room.compareHead((await adas.room.verify()).headPhrase)).toBe('unknown')
})

test('the same room has the same phrase, and an older one is in its past', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  await say(room, 'one')
  const first = await head(room)
  expect(await bobs.compareHead(first)).toBe('same')
  expect(await bobs.compareHead(first.toUpperCase().replaceAll(' ', '-').replace('-', ': '))).toBe('same')
  await say(room, 'two')
  expect(await bobs.compareHead(first)).toBe('past')
  expect(await bobs.compareHead(first.replace(/^\d+ /, ''))).toBe('past')
  expect(await bobs.compareHead(`999 ${first.replace(/^\d+ /, '')}`)).toBe('unknown')
  expect(await bobs.compareHead('1 zoo zoo zoo zoo zoo zoo')).toBe('other-branch')
  for (const typed of ['', '12', 'zoo zoo zoo zoo zoo', 'no words of that list at all', '0 zoo zoo zoo zoo zoo zoo']) {
    await expect(bobs.compareHead(typed)).rejects.toMatchObject({ code: 'usage' })
  }
})

test('before that, all there is to see is that the other is silent', async () => {
  const { adas, bobs } = await forked()
  const before = await bobs.room.lastHeard()
  expect(before.map(({ name }) => name)).toEqual(['ada', 'bob'])
  await say(adas.room, 'not heard')
  await say(bobs.room, 'heard')
  const heard = await bobs.room.lastHeard()
  expect(heard[0]).toEqual(before[0])
  expect(heard[1]?.at).toBeGreaterThanOrEqual(before[1]?.at ?? Infinity)
  expect((await bobs.room.verify()).lastHeard).toEqual(heard)
})
