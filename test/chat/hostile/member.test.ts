/** One member whose program asks no rule: what he can't do to the others. */
import { expect, onTestFinished, test } from 'vitest'
import type { Room } from '../../../src/chat/chat.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { fingerprint } from '../../../src/crypto/fingerprint.ts'
import { epochKeys, epochSeed } from '../../../src/protocol/epoch.ts'
import { knockId, signKnock } from '../../../src/protocol/knock.ts'
import { entryTagBytes } from '../../../src/protocol/record.ts'
import { headOf } from '../../../src/protocol/room.ts'
import { wrapSecret } from '../../../src/protocol/wraps.ts'
import { labels } from '../../../src/protocol/version.ts'
import { signerFromSeed } from '../../../src/crypto/sign.ts'
import { unwrapperFromSeed } from '../../../src/crypto/wrap.ts'
import type { Operation } from '../../../src/protocol/operation.ts'
import { again, enter, person, say, texts, until, wholeHistory, world, type Being, type World } from '../world.ts'
import { ModifiedClient } from './modified-client.ts'

interface Scene {
  readonly place: World
  readonly ada: Being
  readonly bob: Being
  readonly mal: Being
  readonly room: Room
  readonly bobs: Room
  readonly mals: Room
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
  return { place, ada, bob, mal, room, bobs, mals, client: await ModifiedClient.of(mal, mals, raw) }
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

test('two readers never see different texts in what he writes, whatever keys he gives them', async () => {
  const { bob, room, bobs, client } = await scene()
  await room.promote('mal')
  await client.refresh()
  const { roomId, state } = client
  const own = systemRandom(32)
  // Bob's wrap holds another secret than the others'; each of the two opens something at its own place.
  const { keys } = await client.change(
    { type: 'rotate' },
    {
      secretFor: ({ name }, secret) => (name === 'bob' ? own : secret),
    },
  )
  const bobsKeys = epochKeys(roomId, keys.epoch, headOf(state).hash, own)
  await client.refresh()
  await client.append(client.message('for bob', { keys: bobsKeys }))
  await client.refresh()
  await client.append(client.message('for the others', { keys }))
  await bobs.refresh()
  const mine = await seen(room)
  expect(mine).toEqual(['one', 'two', 'for the others'])
  expect(await seen(bobs)).toEqual(['one', 'two'])
  const admission = await bob.chat.join('demo')
  await room.accept('bob', { trustNew: true })
  expect(await seen(await admission.wait())).toEqual(mine)
})

test('a name that he binds to a key of his own is warned of by everybody who knows the true one', async () => {
  const { place, room, bobs, client } = await scene()
  const cyd = await person(place, 'cyd')
  await enter(cyd, room)
  await Promise.all([room.refresh(), bobs.refresh(), client.refresh()])
  const another = { signer: signerFromSeed(systemRandom(32)), unwrapper: await unwrapperFromSeed(systemRandom(32)) }
  const { roomId, state, keys } = client
  const head = headOf(state).hash
  const { publicKey: wrapKey } = another.unwrapper
  const knock = signKnock(another.signer, {
    roomId,
    name: 'cyd',
    wrapKey,
    nonce: systemRandom(16),
    head,
    end: 0,
    last: new Uint8Array(32),
    at: Date.now(),
  })
  const context = { roomId, n: state.marks.size, previousHead: head, epoch: keys.epoch }
  const wrapped = (await wrapSecret(context, wrapKey, epochSeed(keys))) ?? null
  const entry = { tag: knockId(knock).slice(0, entryTagBytes), wrapped }
  await client.change({ type: 'accept', knock }, { header: { entry } })
  const known = cyd.chat.self.fingerprint
  for (const one of [room, bobs]) {
    await one.refresh()
    expect(one.members.filter(({ name }) => name === 'cyd')).toHaveLength(2)
    expect(one.changedKeys).toEqual([{ name: 'cyd', fingerprint: fingerprint(another.signer.publicKey), known }])
    expect(await warnings(one)).toContainEqual(expect.stringContaining('NOT the one you know'))
  }
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
  for (const { id } of bobs.pending) await bobs.drop(id)
  const causes: string[] = []
  bobs.subscribe((change) => change.kind === 'diverged' && causes.push(change.cause))
  const admission = await bob.chat.join('demo')
  await room.accept('bob', { trustNew: true })
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

test('an admin who alone was left out asks for the key first, and what he does blindly undoes nothing', async () => {
  const { place, ada, bob, room, bobs, client } = await scene()
  await room.promote('bob')
  const cyd = await person(place, 'cyd')
  const cyds = await enter(cyd, room)
  await bobs.refresh()
  // Only ada can't open what mal opens; bob, who is an admin too, kicks cyd in it.
  await client.change(await newKeys(client), { secretFor: ({ name }, secret) => (name === 'ada' ? garbage() : secret) })
  await bobs.demote('ada')
  await say(bobs, 'three')
  await room.refresh()
  await expect(room.kick('cyd')).rejects.toMatchObject({ code: 'not-member', hint: expect.stringContaining('join') })
  await ada.chat.join('demo')
  // Nobody answers: she does it all the same. Nobody else takes it for done, and her program finds back by itself.
  await room.kick('cyd')
  await until(bobs, () => bobs.members.find(({ name }) => name === 'ada')?.role === 'member')
  expect(bobs.members.map(({ name }) => name)).toContain('cyd')
  await until(room, () => room.members.find(({ name }) => name === 'ada')?.role === 'member')
  expect(room.members.map(({ name }) => name)).toContain('cyd')
  await say(room, 'four')
  for (const one of [room, bobs, cyds]) expect(await seen(one)).toEqual(['one', 'two', 'three', 'four'])
  expect((await bob.chat.rooms()).length).toBe(1)
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

test('a kick that he undoes with a key shown late freezes whoever saw it, until it stands again', async () => {
  const { ada, mal, room, bobs, mals, client } = await scene()
  await room.promote('mal')
  await client.refresh()
  // Nobody can open what he opens; he writes one more change there, and keeps the key.
  await client.change({ type: 'rotate' }, { secretFor: garbage })
  await client.change({ type: 'topic', topic: 'hidden' })
  await ada.chat.join('demo')
  await room.kick('mal')
  await say(room, 'three')
  expect(await seen(bobs)).toEqual(['one', 'two', 'three'])
  // Shown to ada, it makes her way out one that led around another admin's change.
  await until(mals, () => mals.knocks.length > 0)
  await mals.accept('ada', { trustNew: true })
  await until(room, () => room.recovery?.kind === 'frozen')
  expect(room.members.map(({ name }) => name)).toContain('mal')
  await expect(room.send('does mal read this?')).rejects.toMatchObject({
    code: 'tampering',
    hint: expect.stringContaining('mal'),
  })
  await room.kick('mal')
  await say(room, 'four')
  expect(await seen(room)).toEqual(['one', 'two', 'four'])
  expect(await seen(bobs)).toEqual(['one', 'two', 'four'])
  for (const one of [room, bobs]) expect(one.members.map(({ name }) => name)).not.toContain('mal')
  expect(room.recovery).toBeUndefined()
  await mal.chat.close()
})
