/** Rooms in which there are many: their counts and their order. How long it takes is for the bench. */
import { onTestFinished, expect, test } from 'vitest'
import { numberOf, wrapsRange } from '../../src/protocol/paths.ts'
import { decodeRecord } from '../../src/protocol/record.ts'
import { decodeWrapPage } from '../../src/protocol/wraps.ts'
import type { Room } from '../../src/chat/chat.ts'
import type { Store } from '../../src/store/store.ts'
import type { User } from '../protocol/room-builder.ts'
import { again, messages, person, say, texts, until, wholeHistory, world, type Being, type World } from './world.ts'
import { WrittenRoom } from './written-room.ts'

interface Scene {
  readonly place: World
  readonly raw: Store
  readonly room: WrittenRoom
  readonly others: User[]
}

async function scene(): Promise<Scene> {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const room = await WrittenRoom.create(raw, 'demo')
  await room.write()
  return { place, raw, room, others: [] }
}

async function grow({ room, others }: Scene, count: number): Promise<void> {
  for (let k = 0; k < count; k += 1) others.push(await room.member(`member-${others.length}`))
  await room.write()
}

async function letIn({ place, room }: Scene, name: string): Promise<[Being, Room]> {
  const being = await person(place, name)
  const admission = await being.chat.join(room.id)
  await room.letIn(name)
  return [being, await admission.wait()]
}

/** How many wraps each page of the newest epoch has. */
async function newestPages(raw: Store, room: WrittenRoom): Promise<Readonly<Record<number, number>>> {
  await room.sync()
  const { roomId, log } = room.builder
  const opened = log.map(decodeRecord).findLast((one) => one.kind === 'control' && one.outer.header.wraps !== null)
  const wraps = opened?.kind === 'control' ? opened.outer.header.wraps : null
  if (wraps === null) throw new Error('no epoch')
  const { start, end } = wrapsRange(roomId, wraps)
  const { entries } = await raw.range(start, end)
  return Object.fromEntries(entries.map(({ key, value }) => [numberOf(key), decodeWrapPage(value).size]))
}

test('beyond 256 members whoever stands on the second page, and whoever is invited behind it, opens everything', async () => {
  const at = await scene()
  const [amy, amys] = await letIn(at, 'amy')
  await at.room.promote('amy')
  await amys.refresh()
  await say(amys, 'before')
  await at.room.sync()
  await grow(at, 268)
  const [eve, eves] = await letIn(at, 'eve')
  const gus = await person(at.place, 'gus')
  await amys.invite('gus', { trustNew: true })
  await amys.kick('member-100')
  // 271 members, one of them gone; the guest has the index behind them.
  expect(await newestPages(at.raw, at.room)).toEqual({ 0: 255, 1: 16 })
  await say(amys, 'after the kick')
  await eves.refresh()
  expect(texts(await wholeHistory(eves))).toEqual(['before', 'after the kick'])

  // Her new keys stand on the second page too, and what she changes opens the next epoch for everybody.
  await eve.chat.rekey()
  expect(await newestPages(at.raw, at.room)).toEqual({ 0: 255, 1: 16 })
  await say(eves, 'with new keys')
  await amys.refresh()
  expect(texts(await wholeHistory(amys)).at(-1)).toBe('with new keys')

  const guest = await gus.chat.join('demo', { trustNew: true })
  const guests = await guest.wait()
  expect(texts(await wholeHistory(guests))).toEqual(['before', 'after the kick', 'with new keys'])
  expect(guests.members).toHaveLength(271)
  await say(guests, 'hello')

  // From the wrap on the second page alone.
  const elsewhere = await again(at.place, eve, at.place.machine())
  const opened = await elsewhere.chat.open('demo')
  await opened.refresh()
  expect(texts(await wholeHistory(opened))).toEqual(['before', 'after the kick', 'with new keys', 'hello'])
  for (const one of [amys, eves, guests, opened]) expect(await one.verify()).toMatchObject({ voids: [], damage: [] })
  expect(amy.chat.self.name).toBe('amy')
})

test('in a room of 60 four go on writing while many leave, one is kicked, and an epoch is garbage', async () => {
  const at = await scene()
  await grow(at, 56)
  for (let k = 0; k < 240; k += 1) await at.room.builder.topic(at.others[k % 50] as User, `topic ${k}`)
  await at.room.write()
  const rooms: Room[] = []
  for (const name of ['amy', 'ben', 'cyd', 'dan']) rooms.push((await letIn(at, name))[1])
  await at.room.promote('amy')
  const traitor = at.others[55] as User
  await at.room.builder.promote(at.room.creator, traitor)
  await at.room.write()
  for (const room of rooms) await room.refresh()
  const [amys] = rooms as [Room, ...Room[]]
  expect(amys.members).toHaveLength(61)
  expect(at.room.builder.room.marks.size).toBe(1 + 56 + 240 + 4 + 2)

  const lines = (round: string, room: number) => Array.from({ length: 12 }, (_, k) => `${round} ${room} ${k}`)
  const all = (round: string) => Promise.all(rooms.map((room, k) => say(room, ...lines(round, k))))
  // Twenty leave while the four write; amy's client shuts them out, once or a few times.
  const writing = all('leaving')
  for (let k = 0; k < 20; k += 1) await at.room.change(at.others[k] as User, { type: 'leave' })
  await writing
  await until(amys, () => amys.members.length === 41)

  await Promise.all([all('kicking'), amys.kick('member-30')])

  // Nobody gets the secret of the next epoch: what is written under the one before is acknowledged, or is not there.
  const garbage = rooms.map((room, k) => sayUntilStuck(room, lines('garbage', k)))
  await at.room.garbage(traitor)
  const acknowledged = await Promise.all(garbage)
  await amys.rotate()
  for (const room of rooms) {
    await room.refresh()
    for (const { id } of room.pending) await room.drop(id)
  }
  await Promise.all([all('after'), amys.kick('member-55')])
  for (const room of rooms) await room.refresh()

  const history = await wholeHistory(amys)
  const told = texts(history)
  for (let k = 0; k < 4; k += 1) {
    const by = (round: string) => told.filter((text) => text.startsWith(`${round} ${k} `))
    for (const round of ['leaving', 'kicking', 'after']) expect(by(round)).toEqual(lines(round, k))
    expect(by('garbage')).toEqual(acknowledged[k])
  }
  expect(messages(history).map(({ seq }) => seq)).toEqual(told.map((_, k) => k + 1))
  for (const room of rooms) {
    expect(room.members).toHaveLength(39)
    expect(texts(await wholeHistory(room))).toEqual(told)
  }
  // Whoever comes now reads it all, over the epoch that was passed over.
  const eve = await person(at.place, 'eve')
  const admission = await eve.chat.join(at.room.id)
  await amys.refresh()
  await amys.accept('eve', { trustNew: true })
  expect(texts(await wholeHistory(await admission.wait()))).toEqual(told)
})

/** What was acknowledged of them, one after the other, until one is not taken. */
async function sayUntilStuck(room: Room, lines: readonly string[]): Promise<readonly string[]> {
  const taken: string[] = []
  try {
    for (const line of lines) {
      await say(room, line)
      taken.push(line)
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-member' })
  }
  return taken
}
