/** Who has a room open: its members learn it, and only they. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex, hex } from '../../src/base/bytes.ts'
import type { Room } from '../../src/chat/chat.ts'
import { hereKey, hereRange } from '../../src/protocol/paths.ts'
import { anyKind, enter, person, until, world } from './world.ts'

const here = (room: Room) => room.members.filter((member) => member.here === true).map(({ name }) => name)

async function scene(kind: 'memory' | 'sqlite') {
  const place = world(kind)
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const theirs = await enter(bob, room)
  const id = fromHex(room.id)
  const { start, end } = hereRange(id)
  const entries = async () => (await raw.range(start, end)).entries
  return { place, raw, ada, bob, room, theirs, id, entries }
}

test.each(anyKind)('is seen while it lasts, in both directions, and after a change of keys (%s)', async (kind) => {
  const { room, theirs, entries } = await scene(kind)
  expect(room.members.map((member) => member.here)).toEqual([undefined, undefined])
  const [mine, other] = [new AbortController(), new AbortController()]
  room.attend(mine.signal)
  await until(room, () => here(room).length === 1)
  expect(here(room)).toEqual(['ada'])
  theirs.attend(other.signal)
  await until(room, () => here(room).length === 2)
  await until(theirs, () => here(theirs).length === 2)
  await room.rotate()
  await until(room, () => room.policy.rotateDays > 0 && here(room).length === 2)
  other.abort()
  await until(room, () => here(room).length === 1)
  expect(theirs.members.map((member) => member.here)).toEqual([undefined, undefined])
  mine.abort()
  await until(room, () => room.members.every((member) => member.here === undefined))
  await expect.poll(async () => (await entries()).length).toBe(0)
})

test('can’t be forged by strangers, nor by a copy in another place', async () => {
  const { raw, room, theirs, id, entries } = await scene('memory')
  const [mine, other] = [new AbortController(), new AbortController()]
  theirs.attend(other.signal)
  await until(theirs, () => here(theirs).length === 1)
  const [sealed] = await entries()
  other.abort()
  await expect.poll(async () => (await entries()).length).toBe(0)
  const value = sealed?.value ?? new Uint8Array()
  const puts = [
    [hereKey(id, new Uint8Array(16).fill(1)), value],
    [hereKey(id, new Uint8Array(16).fill(2)), new Uint8Array(100).fill(7)],
    [hereKey(id, new Uint8Array(16).fill(3)), new Uint8Array(1_000_000)],
    [new Uint8Array([...hereRange(id).start, 1]), value],
  ] as const
  for (const [key, junk] of puts) await raw.commit({ then: [{ kind: 'put', key, value: junk }] })
  room.attend(mine.signal)
  await until(room, () => here(room).length > 0)
  expect(here(room)).toEqual(['ada'])
  for (const [key, junk] of puts) await raw.commit({ then: [{ kind: 'put', key, value: junk }] })
  await room.rotate()
  await until(room, () => here(room).length > 0)
  expect(here(room)).toEqual(['ada'])
  // What lies there tells no name and no key.
  const [own] = (await entries()).filter(({ key }) => hex(key) !== hex(puts[0][0]))
  expect(Buffer.from(own?.value ?? []).includes('ada')).toBe(false)
  mine.abort()
})

test('is known when a room is opened again before it was closed for good', async () => {
  const { room } = await scene('memory')
  for (let k = 0; k < 3; k += 1) {
    const [first, second] = [new AbortController(), new AbortController()]
    room.attend(first.signal)
    await until(room, () => here(room).length === 1)
    first.abort()
    room.attend(second.signal)
    await until(room, () => room.members.every((member) => member.here === undefined))
    await until(room, () => here(room).length === 1)
    second.abort()
    await until(room, () => room.members.every((member) => member.here === undefined))
  }
})

test('ends with a removal', async () => {
  const { room, theirs } = await scene('memory')
  const mine = new AbortController()
  onTestFinished(() => mine.abort())
  room.attend(mine.signal)
  theirs.attend(mine.signal)
  await until(room, () => here(room).length === 2)
  await room.kick('bob')
  await until(room, () => here(room).length === 1)
  expect(here(room)).toEqual(['ada'])
  await until(theirs, () => theirs.members.every((member) => member.here === undefined))
})
