/** The search index of a home: what programs, deletions and rollbacks make of it. */
import { expect, test } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { searchBlockRecords } from '../../src/base/limits.ts'
import { searchRange } from '../../src/chat/home/local-paths.ts'
import type { Room } from '../../src/chat/chat.ts'
import type { Home } from '../../src/chat/home/home.ts'
import { FaultyStore } from './faulty-store.ts'
import { lives, restorableWorld } from './recovery/restorable-world.ts'
import { again, person, program, say, until, world, type Being, type World } from './world.ts'
import { WrittenRoom } from './written-room.ts'

const records = 2 * searchBlockRecords + 50

/** Someone in a room of this many messages, each in a record of its own. */
async function inRoom(place: World, who: Being): Promise<{ readonly room: Room; readonly written: WrittenRoom }> {
  const store = await place.openStore()
  const written = await WrittenRoom.create(store, 'demo')
  written.talk([written.creator], records)
  await written.write()
  const admission = await who.chat.join(written.id)
  await written.letIn(who.name)
  const room = await admission.wait()
  await room.refresh()
  return { room, written }
}

async function rows({ home, name }: Being, room: Room): Promise<number> {
  const local = await home.open(name)
  const { start, end } = searchRange(fromHex(room.id))
  const { entries } = await local.range(start, end)
  await local.close()
  return entries.length
}

/** A home whose reads are counted. */
function countingHome(home: Home): { readonly home: Home; valuesRead(): number } {
  const disks: FaultyStore[] = []
  const open = async (name: string) => {
    const disk = new FaultyStore(await home.open(name))
    disks.push(disk)
    return disk
  }
  const valuesRead = () => disks.reduce((sum, { read }) => sum + read.values, 0)
  return { home: { names: () => home.names(), open }, valuesRead }
}

const places = async (room: Room, word: string) => (await room.search([word])).found.map(({ item }) => item.seq)

test('the next program reads few records', async () => {
  const place = world('memory')
  const ada = await person(place, 'ada')
  const { room } = await inRoom(place, ada)
  expect(await places(room, 'nowhere')).toEqual([])
  expect(await rows(ada, room)).toBe(2)
  await ada.chat.close()
  const counting = countingHome(ada.home)
  const later = await again(place, { ...ada, home: counting.home })
  const opened = await later.chat.open('demo')
  const before = counting.valuesRead()
  expect(await places(opened, 'nowhere')).toEqual([])
  expect(counting.valuesRead() - before).toBeLessThan(searchBlockRecords)
})

test('another passphrase deletes it, and it is made again', async () => {
  const place = world('memory')
  const ada = await person(place, 'ada')
  const { room } = await inRoom(place, ada)
  expect(await places(room, '311:')).toEqual([311])
  expect(await rows(ada, room)).toBe(2)
  await ada.chat.close()
  const { accounts } = await program(place, ada.home)
  const password = accounts.suggestPassphrase()
  await accounts.changePassword({
    name: 'ada',
    password: ada.password,
    choose: async () => ({ password, chosen: false }),
    announce: async () => {},
  })
  expect(await rows(ada, room)).toBe(0)
  const later = await again(place, { ...ada, password })
  expect(await places(await later.chat.open('demo'), '311:')).toEqual([311])
  expect(await rows(ada, room)).toBe(2)
})

test('two programs of one home search at once', async () => {
  const place = world('sqlite')
  const ada = await person(place, 'ada')
  const { room } = await inRoom(place, ada)
  const other = await (await again(place, ada)).chat.open('demo')
  const found = await Promise.all([places(room, '11:'), places(other, '11:'), places(other, '311:')])
  expect(found[0]).toEqual(found[1])
  expect(found[2]).toEqual([311])
  expect(await places(room, '311:')).toEqual([311])
  expect(await rows(ada, room)).toBe(2)
})

test('forget deletes it with the copy, and a program that has the room open writes none', async () => {
  const place = world('sqlite')
  const ada = await person(place, 'ada')
  const { room } = await inRoom(place, ada)
  await places(room, 'nowhere')
  expect(await rows(ada, room)).toBe(2)
  const other = await again(place, ada)
  await other.chat.forget('demo')
  expect(await rows(ada, room)).toBe(0)
  await places(room, 'nowhere').catch(() => undefined)
  expect(await rows(ada, room)).toBe(0)
})

test('someone who was kicked searches what they have', async () => {
  const place = world('memory')
  const ada = await person(place, 'ada')
  const { room, written } = await inRoom(place, ada)
  await written.sync()
  const member = [...written.builder.room.members.values()].find(({ name }) => name === 'ada')
  await written.change(written.creator, { type: 'kick', rootKey: member?.rootKey as never } as never)
  await until(room, () => room.standing === 'kicked')
  expect(await places(room, '311:')).toEqual([311])
  expect(await places(room, '311:')).toEqual([311])
})

test.each(lives)('what a rolled-back store lost is not found where it was, with the %s incarnation', async (life) => {
  const place = restorableWorld()
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const { room, written } = await inRoom(place, ada)
  const admission = await bob.chat.join(written.id)
  await written.letIn('bob')
  await (await admission.wait()).refresh()
  await bob.chat.close()
  const early = await place.copy()
  await written.sync()
  written.builder.say(written.creator, 'lost for now')
  written.talk([written.creator], searchBlockRecords)
  await written.write()
  await until(room, () => room.seq === records + searchBlockRecords + 1)
  expect(await places(room, 'lost')).toEqual([records + 1])
  expect(await rows(ada, room)).toBe(3)
  await ada.chat.close()
  await place.setBack(early, life)
  const fresh = await again(place, bob, place.machine())
  await say(await fresh.chat.open('demo'), 'instead')
  const later = await (await again(place, ada)).chat.open('demo')
  await until(later, () => later.seq === records + 1)
  expect(await rows(ada, room)).toBe(2)
  expect(await places(later, 'lost')).toEqual([])
  expect(await places(later, 'instead')).toEqual([records + 1])
})
