/**
 * Answers to a request that count for nothing: mal is a member of a room in which only admins answer, and answers bob's
 * request all the same. Whoever waits is let in by the true answer, before or after.
 */
import { expect, onTestFinished, test } from 'vitest'
import type { Bytes } from '../../../src/base/bytes.ts'
import type { Room } from '../../../src/chat/chat.ts'
import type { RoomSession } from '../../../src/chat/room/room-session.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { epochSeed, epochSeedBytes } from '../../../src/protocol/epoch.ts'
import { decodeKnock, knockId } from '../../../src/protocol/knock.ts'
import type { Operation } from '../../../src/protocol/operation.ts'
import { inboxId, sealNotice } from '../../../src/protocol/notice.ts'
import { controlRange, inboxKey } from '../../../src/protocol/paths.ts'
import { entryTagBytes } from '../../../src/protocol/record.ts'
import { headOf } from '../../../src/protocol/room.ts'
import { wrapSecret } from '../../../src/protocol/wraps.ts'
import { again, enter, person, say, texts, until, wholeHistory, world, type Being, type World } from '../world.ts'
import { ModifiedClient } from './modified-client.ts'

const rejected = expect.objectContaining({ code: 'rejected' }) as Error
/** Nobody outside can tell whether it counts. */
const seemingly = expect.objectContaining({
  code: 'rejected',
  message: expect.stringContaining("can't check from outside") as string,
}) as Error
const notMember = expect.objectContaining({ code: 'not-member' }) as Error

interface Scene {
  readonly place: World
  readonly bob: Being
  readonly room: Room
  /** Mal's answers to the request that is open. */
  knock(): Promise<Bytes>
  decline(knocked?: Bytes): Promise<void>
  accept(seed?: Bytes): Promise<void>
  /** Takes away what leads to the room's changes, as anyone with access to the store can. */
  hideChanges(): Promise<void>
  /** Says that bob is invited; no such record is in the log. */
  notify(): Promise<void>
}

async function scene(): Promise<Scene> {
  const place = world('memory')
  const [ada, bob, mal] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'mal')]
  const room = await ada.chat.create('demo', { acceptBy: 'admins' })
  await say(room, 'one')
  const mals = await enter(mal, room)
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const client = await ModifiedClient.of(mal, mals, raw)
  const knock = async () => {
    await mals.refresh()
    await until(mals, () => mals.knocks.length > 0)
    const [open] = (mals as RoomSession).openKnocks
    if (open === undefined) throw new Error('nobody asks')
    return open.bytes
  }
  const answer = async (operation: Operation, knocked: Bytes, wrapped: Wrapped | null) => {
    const entry = { tag: knockId(knocked).slice(0, entryTagBytes), wrapped }
    await client.change(operation, { header: { entry } })
  }
  return {
    place,
    bob,
    room,
    knock,
    async decline(given) {
      const knocked = given ?? (await knock())
      const { rootKey, name } = decodeKnock(knocked)
      await answer({ type: 'reject', knockId: knockId(knocked), rootKey, name }, knocked, null)
    },
    async accept(seed) {
      const knocked = await knock()
      await client.refresh()
      const { state, keys, roomId } = client
      const { hash } = headOf(state)
      const context = { roomId, n: state.marks.size, previousHead: hash, epoch: keys.epoch }
      const wrapped = await wrapSecret(context, decodeKnock(knocked).wrapKey, seed ?? epochSeed(keys))
      await answer({ type: 'accept', knock: knocked }, knocked, wrapped ?? null)
    },
    async hideChanges() {
      const { start, end } = controlRange(client.roomId)
      await raw.commit({ then: [{ kind: 'delete', key: start, end }] })
    },
    async notify() {
      const { roomId, identity } = client
      const notice = { roomId, roomName: 'demo', direct: false, from: identity.name, at: Date.now() }
      const to = decodeKnock(await knock())
      const sealed = await sealNotice(identity.signer, to, notice)
      await client.put(inboxKey(inboxId(to.rootKey), systemRandom(16)), sealed as Bytes)
    },
  }
}
type Wrapped = Exclude<Awaited<ReturnType<typeof wrapSecret>>, undefined>

const garbage = new Uint8Array(epochSeedBytes).fill(7)

test('after a decline that counts for nothing, who waits on is let in by the true answer', async () => {
  const { bob, room, decline } = await scene()
  const admission = await bob.chat.join('demo')
  const answer = admission.wait()
  const told = expect(answer).rejects.toEqual(rejected)
  await decline()
  await told
  const next = admission.wait()
  await room.accept('bob', { trustNew: true })
  expect(texts(await wholeHistory(await next))).toEqual(['one'])
  expect(admission.state).toBe('accepted')
})

test('the same for someone who was told of it and went away', async () => {
  const { place, bob, room, decline } = await scene()
  const told = expect((await bob.chat.join('demo')).wait()).rejects.toEqual(rejected)
  await decline()
  await told
  await expect(bob.chat.open('demo')).rejects.toEqual(notMember)
  await room.accept('bob', { trustNew: true })
  await bob.chat.close()
  const back = await again(place, bob)
  expect(texts(await wholeHistory(await back.chat.open('demo')))).toEqual(['one'])
})

test('and for someone who asks again: the request that was accepted meanwhile counts', async () => {
  const { bob, room, decline } = await scene()
  const told = expect((await bob.chat.join('demo')).wait()).rejects.toEqual(rejected)
  await decline()
  await told
  await room.accept('bob', { trustNew: true })
  const admission = await bob.chat.join('demo')
  expect(admission.state).toBe('accepted')
  expect(texts(await wholeHistory(await admission.wait()))).toEqual(['one'])
})

test('a decline behind the true answer takes nothing back', async () => {
  const { place, bob, room, knock, decline } = await scene()
  await bob.chat.join('demo')
  await bob.chat.close()
  const knocked = await knock()
  await room.accept('bob', { trustNew: true })
  await decline(knocked)
  const back = await again(place, bob)
  expect(texts(await wholeHistory(await back.chat.open('demo')))).toEqual(['one'])
  expect(back.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'member' }])
})

test.each([
  ['with the room’s secret', undefined],
  ['with a secret of his own', garbage],
])('nobody is told of an acceptance that counts for nothing, %s; the true one lets them in', async (_what, secret) => {
  const { bob, room, accept } = await scene()
  const admission = await bob.chat.join('demo')
  const answer = admission.wait()
  let isOver = false
  void answer.finally(() => (isOver = true)).catch(() => undefined)
  await accept(secret)
  await expect(bob.chat.open('demo')).rejects.toEqual(notMember)
  expect([isOver, admission.state]).toEqual([false, 'waiting'])
  expect(bob.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'waiting' }])
  await room.accept('bob', { trustNew: true })
  expect(texts(await wholeHistory(await answer))).toEqual(['one'])
})

test('a notice of an invitation that nobody wrote takes nothing from a request', async () => {
  const { place, bob, room, notify } = await scene()
  await bob.chat.join('demo')
  await notify()
  await bob.chat.rooms()
  await bob.chat.join('demo').catch(() => undefined)
  await until(room, () => room.knocks.length > 0)
  await room.accept('bob', { trustNew: true })
  await bob.chat.close()
  const back = await again(place, bob)
  expect(texts(await wholeHistory(await back.chat.open('demo')))).toEqual(['one'])
})

test('a true decline is final for its request; a new one may be accepted', async () => {
  const { bob, room } = await scene()
  const told = expect((await bob.chat.join('demo')).wait()).rejects.toEqual(rejected)
  await until(room, () => room.knocks.length > 0)
  await room.reject('bob')
  await told
  await expect(bob.chat.open('demo')).rejects.toEqual(notMember)
  const admission = await bob.chat.join('demo')
  expect(admission.state).toBe('waiting')
  await until(room, () => room.knocks.length > 0)
  await room.accept('bob', { trustNew: true })
  expect(texts(await wholeHistory(await admission.wait()))).toEqual(['one'])
})

test('a decline that can’t be judged from outside is told as that, and so is one remembered', async () => {
  const { place, bob, decline } = await scene()
  const told = expect((await bob.chat.join('demo')).wait()).rejects.toEqual(seemingly)
  await decline()
  await told
  await bob.chat.close()
  const back = await again(place, bob)
  expect(back.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'rejected' }])
})

test('nobody is told of a decline that they can see to count for nothing', async () => {
  const { place, bob, room, accept, decline, knock } = await scene()
  const admission = await bob.chat.join('demo')
  const knocked = await knock()
  // It counts for nothing, but brings the room's secret.
  await accept()
  const answer = admission.wait()
  let isOver = false
  void answer.finally(() => (isOver = true)).catch(() => undefined)
  await expect(bob.chat.open('demo')).rejects.toEqual(notMember)
  await decline(knocked)
  await expect(bob.chat.open('demo')).rejects.toEqual(notMember)
  expect([isOver, admission.state]).toEqual([false, 'waiting'])
  expect(bob.chat.knownRooms()).toMatchObject([{ name: 'demo', standing: 'waiting' }])
  await room.accept('bob', { trustNew: true })
  expect(texts(await wholeHistory(await answer))).toEqual(['one'])
  await bob.chat.close()
  expect((await again(place, bob)).chat.knownRooms()).toMatchObject([{ standing: 'member' }])
})

test('a true decline that can be judged is told without a doubt', async () => {
  const { bob, room, accept } = await scene()
  const admission = await bob.chat.join('demo')
  await until(room, () => room.knocks.length > 0)
  await accept()
  const told = expect(admission.wait()).rejects.toEqual(
    expect.objectContaining({ code: 'rejected', message: 'Your request to join demo was declined' }),
  )
  await room.refresh()
  await room.reject('bob')
  await told
})

test.each([
  ['the hints are gone', async () => {}],
  ['and only one leads to an acceptance that counts for nothing', (at: Scene) => at.accept()],
  ['and only one leads to a decline that counts for nothing', (at: Scene) => at.decline()],
])('an acceptance is found in the log where %s', async (_what, mislead) => {
  const at = await scene()
  const { place, bob, room, knock, hideChanges } = at
  await bob.chat.join('demo')
  await bob.chat.close()
  await knock()
  await mislead(at)
  await hideChanges()
  await until(room, () => room.knocks.length > 0)
  await room.accept('bob', { trustNew: true })
  await hideChanges()
  const back = await again(place, bob)
  expect(texts(await wholeHistory(await back.chat.open('demo')))).toEqual(['one'])
})
