import { expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { readOne } from '../../../src/store/read-one.ts'
import { cardKey, directoryKey, knockKey, knocksRange, userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, say, texts, wholeHistory, world, type Being, type World } from '../world.ts'

const junk = fromHex('ff'.repeat(200))

async function read(store: Store, key: Bytes): Promise<Bytes> {
  const entry = await readOne(store, key)
  if (entry === undefined) throw new Error('nothing stands there')
  return entry.value
}

const put = (store: Store, key: Bytes, value: Bytes) => store.commit({ then: [{ kind: 'put', key, value }] })

async function rawOf(place: World): Promise<Store> {
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  return raw
}

async function people(place: World): Promise<[Being, Being, Being]> {
  return [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'cyd')]
}

test('a name record in another’s place is refused, and who knows the key is not fooled by a new one', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = await people(place)
  const genuine = await read(raw, userKey(skeleton('bob')))
  await put(raw, userKey(skeleton('bob')), await read(raw, userKey(skeleton('cyd'))))
  await expect(ada.chat.dm('bob', { trustNew: true })).rejects.toMatchObject({ code: 'tampering' })
  await put(raw, userKey(skeleton('bob')), junk)
  await expect(ada.chat.dm('bob', { trustNew: true })).rejects.toMatchObject({ code: 'tampering' })
  await put(raw, userKey(skeleton('bob')), genuine)
  const room = await ada.chat.create('demo')
  await enter(bob, room)

  // Somebody else signs up as bob, as if the name were free.
  await raw.commit({ then: [{ kind: 'delete', key: userKey(skeleton('bob')) }] })
  const impostor = await person(place, 'bob')
  await expect(ada.chat.dm('bob')).rejects.toMatchObject({ code: 'unconfirmed-key', hint: expect.stringMatching(/./) })
  await expect(ada.chat.dm('bob', { trustNew: true })).rejects.toMatchObject({ code: 'unconfirmed-key' })
  const admission = await impostor.chat.join('demo')
  await room.refresh()
  expect(room.knocks).toMatchObject([{ fingerprint: impostor.chat.self.fingerprint }])
  // The room has a bob, with another key.
  await room.accept('bob', { trustNew: true }).catch(() => undefined)
  const items = await wholeHistory(room)
  const isIn = room.members.some(({ fingerprint }) => fingerprint === impostor.chat.self.fingerprint)
  expect(isIn && !items.some((item) => item.kind === 'warning' && item.reason.includes('NOT'))).toBe(false)
  expect(isIn).toBe(false)

  // Who lets that very key in is warned of it as long as it is in; so is whoever really bears the name.
  const { fingerprint } = impostor.chat.self
  expect(room.knocks).toMatchObject([{ fingerprint, known: bob.chat.self.fingerprint }])
  await room.accept('bob', { fingerprint })
  await admission.wait()
  expect(room.changedKeys).toEqual([{ name: 'bob', fingerprint, known: bob.chat.self.fingerprint }])
  const bobs = await bob.chat.open('demo')
  await bobs.refresh()
  expect(bobs.changedKeys).toEqual([{ name: 'bob', fingerprint, known: bob.chat.self.fingerprint }])
  expect((await impostor.chat.open('demo')).changedKeys).toMatchObject([{ known: fingerprint }])
  expect(await ada.chat.safetyNumber('bob')).toMatchObject({ fingerprint, known: bob.chat.self.fingerprint })
  await expect(room.kick('bob')).rejects.toMatchObject({ code: 'unconfirmed-key' })
  await room.kick('bob', { fingerprint })
  expect(room.members.map((member) => member.fingerprint)).toContain(bob.chat.self.fingerprint)
  expect(room.changedKeys).toEqual([])
})

test('a vault in the store that is junk, another’s or gone opens for nobody, and hurts nobody who has a home', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = await people(place)
  const room = await ada.chat.create('demo')
  await say(await enter(bob, room), 'one')
  await bob.chat.close()
  const vault = await read(raw, vaultKey(skeleton('bob')))
  const spoiled = vault.map((byte, at) => (at === vault.length - 40 ? byte ^ 1 : byte))
  for (const value of [junk, await read(raw, vaultKey(skeleton('ada'))), spoiled]) {
    await put(raw, vaultKey(skeleton('bob')), value)
    await expect(again(place, bob, place.machine())).rejects.toMatchObject({
      code: expect.stringMatching(/^(tampering|wrong-password)$/),
      hint: expect.stringMatching(/./),
    })
    const home = await again(place, bob)
    const theirs = await home.chat.open('demo')
    await say(theirs, 'more')
    await home.chat.close()
  }
  await raw.commit({ then: [{ kind: 'delete', key: vaultKey(skeleton('bob')) }] })
  await expect(again(place, bob, place.machine())).rejects.toMatchObject({ code: 'no-such-user' })
  await room.refresh()
  expect(texts(await wholeHistory(room))).toEqual(['one', 'more', 'more', 'more'])
})

test('a card or a directory entry of another room leads there or nowhere, never half into this one', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob, cyd] = await people(place)
  const room = await ada.chat.create('demo')
  await say(room, 'one')
  const other = await cyd.chat.create('other')
  const genuine = await read(raw, cardKey(fromHex(room.id)))
  for (const value of [await read(raw, cardKey(fromHex(other.id))), junk, genuine.map((byte) => byte ^ 1)]) {
    await put(raw, cardKey(fromHex(room.id)), value)
    await expect(bob.chat.join('demo')).rejects.toMatchObject({ code: 'tampering' })
  }
  await put(raw, cardKey(fromHex(room.id)), genuine)
  await put(raw, directoryKey(skeleton('demo')), await read(raw, directoryKey(skeleton('other'))))
  await expect(bob.chat.join('demo')).rejects.toMatchObject({ code: 'no-such-room' })
  const admission = await bob.chat.join(room.id)
  await room.accept('bob', { trustNew: true })
  expect(texts(await wholeHistory(await admission.wait()))).toEqual(['one'])
})

test('a knock carried into another room or repeated after its answer lets nobody in', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = await people(place)
  const [room, other] = [await ada.chat.create('demo'), await ada.chat.create('other')]
  const admission = await bob.chat.join('demo')
  const { start, end } = knocksRange(fromHex(room.id))
  const [knock] = (await raw.range(start, end)).entries
  if (knock === undefined) throw new Error('no knock')
  await put(raw, knockKey(fromHex(other.id), new Uint8Array(16)), knock.value)
  await other.refresh()
  expect(other.knocks).toEqual([])
  await expect(other.accept('bob', { trustNew: true })).rejects.toMatchObject({ code: 'no-such-user' })

  await room.accept('bob', { trustNew: true })
  const theirs = await admission.wait()
  await room.kick('bob')
  await put(raw, knock.key, knock.value)
  await put(raw, knockKey(fromHex(room.id), new Uint8Array(16)), knock.value)
  await room.refresh()
  expect(room.knocks).toEqual([])
  await expect(room.accept('bob', { trustNew: true })).rejects.toMatchObject({ code: 'no-such-user' })
  await theirs.refresh().catch(() => undefined)
  expect(theirs.standing).toBe('kicked')
  expect(room.members.map(({ name }) => name)).toEqual(['ada'])
})
