import { expect, onTestFinished, test } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import type { Room } from '../../src/chat/chat.ts'
import type { AdminItem } from '../../src/chat/item.ts'
import { operate } from '../../src/chat/outbox/operate.ts'
import { appendingTo } from '../../src/chat/room/room-context.ts'
import { RoomSession } from '../../src/chat/room/room-session.ts'
import { logKey } from '../../src/protocol/paths.ts'
import { again, enter, person, say, texts, until, wholeHistory, world } from './world.ts'

async function adminLines(room: Room): Promise<readonly AdminItem[]> {
  return (await wholeHistory(room)).filter((item) => item.kind === 'admin')
}

const inRoom = (room: Room): readonly string[] => room.members.map(({ name }) => name)

/** As an admin whose Conclave is newer than this one. */
async function raiseVersion(room: Room): Promise<void> {
  if (!(room instanceof RoomSession)) throw new Error('not a room of the engine')
  const { parts, log } = room
  const operating = { ...parts, signer: parts.identity.signer, appending: appendingTo(parts, log) }
  await operate(operating, () => ({ type: 'policy', acceptBy: 'members', listed: true, rotateDays: 30, version: 2 }))
}

test('who comes back is said to come back, at the door and in the line', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const theirs = await enter(bob, room)
  expect((await adminLines(room)).at(-1)).not.toHaveProperty('returning')
  await room.kick('bob')
  await say(room, 'meanwhile')
  const admission = await bob.chat.join('demo')
  await room.refresh()
  expect(room.knocks).toMatchObject([{ name: 'bob', returning: 'kicked' }])
  await room.accept('bob', { trustNew: true })
  expect((await adminLines(room)).at(-1)).toMatchObject({ event: 'accept', returning: 'kicked' })
  expect(texts(await wholeHistory(await admission.wait()))).toContain('meanwhile')

  await until(theirs, () => theirs.standing === 'member')
  await theirs.leave()
  await bob.chat.join('demo')
  await room.refresh()
  expect(room.knocks).toMatchObject([{ name: 'bob', returning: 'left' }])
  await room.accept('bob', { trustNew: true })
  const accepts = (await adminLines(room)).filter(({ event }) => event === 'accept')
  expect(accepts.map(({ returning }) => returning)).toEqual([undefined, 'kicked', 'left'])
})

test('an admin’s word counts as it was then, and an author is the same person after a change of keys', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const theirs = await enter(bob, room)
  await say(theirs, 'as a member')
  await room.promote('bob')
  await theirs.refresh()
  await say(theirs, 'as an admin')
  await bob.chat.rekey()
  await say(theirs, 'with new keys')
  await room.refresh()
  await room.demote('bob')
  const said = (await wholeHistory(room)).filter((item) => item.kind === 'message')
  expect(said.map(({ from }) => from.admin)).toEqual([false, true, true])
  expect(new Set(said.map(({ from }) => from.id)).size).toBe(1)
  expect(new Set(said.map(({ from }) => from.fingerprint)).size).toBe(2)
})

test('an invitation is shown with its inviter, and withdrawn by a kick that names the right one', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  await room.invite('bob', { trustNew: true })
  expect(room.invitations).toEqual([{ ...bob.chat.self, by: 'ada' }])
  await room.kick('bob')
  expect(room.invitations).toEqual([])
  expect((await adminLines(room)).at(-1)).toMatchObject({ event: 'kick', target: { name: 'bob' } })
  await expect(bob.chat.join('demo')).rejects.toThrow()
})

test('the rules of a room decide whether it is listed, and who lets people in', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const listed = async () => (await bob.chat.rooms()).map(({ name }) => name)
  expect(room.policy).toMatchObject({ acceptBy: 'members', listed: true })
  expect(await listed()).toEqual(['demo'])
  await room.setPolicy({ listed: false })
  expect(await listed()).toEqual([])
  // The name is free for another listed room then.
  const other = await bob.chat.create('Demo')
  await expect(room.setPolicy({ listed: true })).rejects.toMatchObject({ code: 'name-taken' })
  expect(room.policy.listed).toBe(false)
  // A room that nobody is left in frees it again.
  await other.leave()
  await room.setPolicy({ listed: true, acceptBy: 'admins' })
  expect(room.policy).toMatchObject({ acceptBy: 'admins', listed: true })
  await expect(bob.chat.join('demo')).resolves.toMatchObject({ state: 'waiting' })
})

test('looking at a safety number makes no key known; comparing it does', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const { number, fingerprint, confirmed } = await ada.chat.safetyNumber('bob')
  expect((await bob.chat.safetyNumber('ada')).number).toBe(number)
  expect(confirmed).toBe(false)
  await expect(ada.chat.dm('bob')).rejects.toMatchObject({ code: 'unconfirmed-key', person: bob.chat.self })
  await expect(ada.chat.confirmKey('bob', '0000 0000 0000 0000 0000 0000')).rejects.toMatchObject({
    code: 'unconfirmed-key',
  })
  await ada.chat.confirmKey('bob', fingerprint)
  expect(await ada.chat.safetyNumber('bob')).toMatchObject({ confirmed: true })
  await expect(ada.chat.dm('bob')).resolves.toMatchObject({ name: '@bob' })
})

test('members and direct messages say whose key was verified, to those who verified it', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  await enter(bob, room)
  const verified = (): readonly string[] => room.members.flatMap((one) => (one.verified === true ? [one.name] : []))
  expect(verified()).toEqual([])
  await ada.chat.confirmKey('bob', bob.chat.self.fingerprint)
  expect(verified()).toEqual(['bob'])
  const direct = await ada.chat.dm('bob')
  await bob.chat.rooms()
  await bob.chat.join(direct.id, { trustNew: true })
  await direct.refresh()
  expect(ada.chat.knownRooms().find(({ id }) => id === direct.id)).toMatchObject({ name: '@bob', verified: true })
  expect(bob.chat.knownRooms().find(({ id }) => id === direct.id)).not.toHaveProperty('verified')
})

test('a room of a newer version is read as far as it is understood, and written by nobody older', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const theirs = await enter(bob, room)
  await say(theirs, 'before')
  await raiseVersion(room)
  await theirs.refresh()
  expect([room.tooNew, theirs.tooNew]).toEqual([true, true])
  await expect(theirs.send('after')).rejects.toMatchObject({
    code: 'not-allowed',
    hint: expect.stringMatching('Update'),
  })
  await expect(theirs.leave()).rejects.toMatchObject({ code: 'not-allowed' })
  // What a newer program writes then is no damage, and no warning.
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const end = (await wholeHistory(theirs)).at(-1)?.i ?? 0
  const value = fromHex('ff'.repeat(200))
  await raw.commit({ then: [{ kind: 'put', key: logKey(fromHex(theirs.id), end + 1), value }] })
  await theirs.refresh()
  const items = await wholeHistory(theirs)
  expect(texts(items)).toEqual(['before'])
  expect(items.at(-1)).toMatchObject({ event: 'policy', detail: 'members accept, listed, rotate 30d, version 2' })
  // Also after a restart.
  await bob.chat.close()
  const later = await (await again(place, bob)).chat.open('demo')
  expect(later.tooNew).toBe(true)
  expect(inRoom(later)).toEqual(['ada', 'bob'])
})

test('a change of keys that the registry shows warns nobody', async () => {
  const place = world('memory')
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const theirs = await enter(bob, room)
  await theirs.leave()
  const { fingerprint } = await bob.chat.rekey()
  await bob.chat.join('demo')
  await room.refresh()
  expect(room.knocks).toMatchObject([{ name: 'bob', fingerprint }])
  expect(room.knocks[0]).not.toHaveProperty('known')
  await room.accept('bob', { trustNew: true })
  expect(room.changedKeys).toEqual([])
  expect((await wholeHistory(room)).some(({ kind }) => kind === 'warning')).toBe(false)
})
