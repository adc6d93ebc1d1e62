/** One member whose program asks no rule: what he can't do to the others. */
import { expect, onTestFinished, test } from 'vitest'
import type { Room } from '../../../src/chat/chat.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { labels } from '../../../src/protocol/version.ts'
import { signerFromSeed } from '../../../src/crypto/sign.ts'
import { unwrapperFromSeed } from '../../../src/crypto/wrap.ts'
import type { Operation } from '../../../src/protocol/operation.ts'
import { again, enter, person, say, texts, wholeHistory, world, type Being, type World } from '../world.ts'
import { ModifiedClient } from './modified-client.ts'

interface Scene {
  readonly place: World
  readonly ada: Being
  readonly bob: Being
  readonly mal: Being
  readonly room: Room
  readonly bobs: Room
  readonly client: ModifiedClient
}

/** Ada made the room; bob is in it, and so is mal. */
async function scene(): Promise<Scene> {
  const place = world('memory')
  const [ada, bob, mal] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'mal')]
  const room = await ada.chat.create('demo')
  const bobs = await enter(bob, room)
  const mals = await enter(mal, room)
  await say(room, 'one')
  await say(bobs, 'two')
  await Promise.all([mals.refresh(), bobs.refresh(), room.refresh()])
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  return { place, ada, bob, mal, room, bobs, client: await ModifiedClient.of(mal, mals, raw) }
}

async function seen(room: Room): Promise<readonly string[]> {
  await room.refresh()
  return texts(await wholeHistory(room))
}

async function warnings(room: Room): Promise<readonly string[]> {
  return (await wholeHistory(room)).flatMap((item) => (item.kind === 'warning' ? [item.reason] : []))
}

/** New keys for whoever signs, as `rekey` wants them. */
async function newKeys({ roomId, identity }: ModifiedClient): Promise<Operation> {
  const fresh = signerFromSeed(systemRandom(32))
  const { publicKey: wrapKey } = await unwrapperFromSeed(systemRandom(32))
  const proof = fresh.sign(labels.rekey, [roomId, identity.signer.publicKey, fresh.publicKey, wrapKey])
  return { type: 'rekey', rootKey: fresh.publicKey, wrapKey, proof }
}

const garbage = () => systemRandom(32)

test('what he writes as another is void, in messages and in changes of the room', async () => {
  const { bob, room, bobs, client } = await scene()
  const asBob = { publicKey: (await ModifiedClient.of(bob, bobs, undefined as never)).identity.signer.publicKey }
  const forged = { ...client.identity.signer, ...asBob }
  await client.append(client.message('bob says so', { signer: forged }))
  await client.refresh()
  await client.change({ type: 'kick', rootKey: asBob.publicKey })
  for (const one of [room, bobs]) {
    expect(await seen(one)).toEqual(['one', 'two'])
    expect(await warnings(one)).toHaveLength(2)
    expect(one.members).toHaveLength(3)
  }
  await say(bobs, 'three')
  expect(await seen(room)).toEqual(['one', 'two', 'three'])
})

test('whom he alone gave a bad wrap knocks again, is let in, and reads what he missed', async () => {
  const { place, bob, room, bobs, client } = await scene()
  const operation = await newKeys(client)
  await client.change(operation, { secretFor: ({ name }, secret) => (name === 'bob' ? garbage() : secret) })
  await say(room, 'three')
  await room.setTopic('news')
  await say(room, 'four')
  await bobs.refresh()
  expect(await seen(bobs)).toEqual(['one', 'two'])
  await expect(bobs.send('hello?').then(({ sent }) => sent)).rejects.toMatchObject({
    code: 'not-member',
    hint: expect.stringContaining('join'),
  })
  const causes: string[] = []
  bobs.subscribe((change) => change.kind === 'parted' && causes.push(change.cause))
  const admission = await bob.chat.join('demo')
  await room.accept('bob')
  const back = await admission.wait()
  expect(causes).toEqual(['late-key'])
  expect(await seen(back)).toEqual(['one', 'two', 'three', 'four'])
  expect(back.topic).toBe('news')
  await say(back, 'five')
  expect(await seen(room)).toEqual(['one', 'two', 'three', 'four', 'five'])
  // What was read again is on the disk as if it had never been locked.
  await bob.chat.close()
  const { chat } = await again(place, bob)
  const restarted = await chat.open('demo')
  expect(texts(await wholeHistory(restarted))).toEqual(['one', 'two', 'three', 'four', 'five'])
  expect((await restarted.verify()).damage).toEqual([])
})

test('an epoch that opens for nobody ends with an admin’s next act', async () => {
  const { ada, place, room, bobs, client } = await scene()
  await client.change(await newKeys(client), { secretFor: garbage })
  await Promise.all([room.refresh(), bobs.refresh()])
  await room.kick('mal')
  await say(room, 'three')
  await say(bobs, 'four')
  expect(await seen(room)).toEqual(['one', 'two', 'three', 'four'])
  expect(await seen(bobs)).toEqual(['one', 'two', 'three', 'four'])
  // So that the store's copy of her vault knows the room.
  await ada.chat.close()
  const elsewhere = await again(place, ada, place.machine())
  expect(await seen(await elsewhere.chat.open('demo'))).toEqual(['one', 'two', 'three', 'four'])
})

test('a link that leads nowhere is repaired by others, and a newcomer reads from the first message on', async () => {
  const { place, room, client } = await scene()
  const keys = client.keys
  await client.change(await newKeys(client), { linkTo: { ...keys, secret: garbage() } })
  const repaired = Promise.withResolvers<void>()
  room.subscribe((change) => {
    if (change.kind !== 'items') return
    if (change.items.some((item) => item.kind === 'admin' && item.event === 'repair')) repaired.resolve()
  })
  await repaired.promise
  const cyd = await person(place, 'cyd')
  const theirs = await enter(cyd, room)
  expect(await seen(theirs)).toEqual(['one', 'two'])
})
