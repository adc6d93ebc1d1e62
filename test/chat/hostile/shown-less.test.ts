/** A device to which the store shows less of a room than to others: what it does, and who can make it believe so. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { cardKey, logKey } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, say, texts, until, wholeHistory, world, type Being, type World } from '../world.ts'
import { ModifiedClient } from './modified-client.ts'

interface Scene {
  readonly place: World
  readonly ada: Being
  readonly bob: Being
  readonly mal: Being
  readonly room: Room
  readonly mals: Room
  readonly raw: Store
}

/** Ada made the room; bob and mal are in it, and mal reaches the store. */
async function scene(): Promise<Scene> {
  const place = world('memory')
  const [ada, bob, mal] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'mal')]
  const room = await ada.chat.create('demo')
  await enter(bob, room)
  const mals = await enter(mal, room)
  await say(room, 'one')
  await mals.refresh()
  // So that the store's copy of his vault knows the room.
  await bob.chat.close()
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  return { place, ada, bob, mal, room, mals, raw }
}

async function put(raw: Store, key: Bytes, value: Bytes): Promise<void> {
  await raw.commit({ then: [{ kind: 'put', key, value }] })
}

async function onNewDevice({ place, bob }: Scene): Promise<{ theirs: Being; room: Room }> {
  const theirs = await again(place, bob, place.machine())
  const room = await theirs.chat.open('demo')
  await room.refresh()
  return { theirs, room }
}

const frozen = { code: 'tampering', hint: expect.stringContaining('conclave forget demo') }

test('where junk stands in the place of a kick, a new device sends nothing until that is set right', async () => {
  const all = await scene()
  const { room, raw } = all
  const { i } = await room.kick('mal')
  await put(raw, logKey(fromHex(room.id), i), systemRandom(200))
  const { theirs, room: bobs } = await onNewDevice(all)
  expect(bobs.members.map(({ name }) => name)).toContain('mal')
  await expect(bobs.send('does mal read this?')).rejects.toMatchObject(frozen)
  expect(bobs.recovery).toMatchObject({ kind: 'frozen', text: expect.stringContaining('ada') })
  expect((await bobs.verify()).damage).toContainEqual({ i, reason: expect.stringContaining('ada saw a change') })
  await until(room, () => room.recovery !== undefined)
  await room.repair()
  await theirs.chat.forget('demo')
  const afresh = await theirs.chat.open('demo')
  await afresh.refresh()
  expect(afresh.members.map(({ name }) => name)).not.toContain('mal')
  await say(afresh, 'two')
  await room.refresh()
  expect(texts(await wholeHistory(room))).toEqual(['one', 'two'])
})

test('so it is with any other change behind which somebody has written, though the card is as it was', async () => {
  const all = await scene()
  const { room, raw } = all
  const roomId = fromHex(room.id)
  const { start, end } = { start: cardKey(roomId), end: Uint8Array.of(...cardKey(roomId), 0) }
  const { entries } = await raw.range(start, end)
  const { i } = await room.setPolicy({ acceptBy: 'admins' })
  await say(room, 'two')
  await put(raw, logKey(roomId, i), systemRandom(200))
  await put(raw, cardKey(roomId), entries[0]?.value as Bytes)
  const { room: bobs } = await onNewDevice(all)
  expect(bobs.policy.acceptBy).toBe('members')
  await expect(bobs.send('three')).rejects.toMatchObject(frozen)
  // Whoever has read it goes on as ever, and whoever wrote it too.
  expect(room.policy.acceptBy).toBe('admins')
})

test('a member who makes it up stops the others until an admin kicks him, and nobody else can', async () => {
  const all = await scene()
  const { mal, room, mals, raw } = all
  const client = await ModifiedClient.of(mal, mals, raw)
  await client.append(client.message('behind what you can’t see', { head: systemRandom(32) }))
  await until(room, () => room.recovery?.kind === 'frozen')
  await expect(room.send('two')).rejects.toMatchObject({ ...frozen, hint: expect.stringContaining('remove mal') })
  const { keys } = client
  await room.kick('mal')
  // He is out, and holds what he held.
  await client.refresh()
  await client.append(client.message('again', { keys, head: systemRandom(32) }))
  await room.refresh()
  expect((await wholeHistory(room)).at(-1)).toMatchObject({ kind: 'warning' })
  expect(room.recovery).toBeUndefined()
  await say(room, 'three')
  expect(texts(await wholeHistory(room))).toEqual(['one', 'three'])
})
