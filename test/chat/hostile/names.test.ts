/** A stranger who calls themselves what a friend is called: nothing that is meant for the friend reaches them. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex } from '../../../src/base/bytes.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { signerFromSeed } from '../../../src/crypto/sign.ts'
import { inboxId, sealNotice } from '../../../src/protocol/notice.ts'
import { decodeNameRecord } from '../../../src/protocol/name-record.ts'
import { inboxKey, inboxRange, userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { untrustedReadMax, strangersNoticesMax } from '../../../src/base/limits.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, say, texts, until, wholeHistory, world, type Being, type World } from '../world.ts'

async function rawOf(place: World): Promise<Store> {
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  return raw
}

/** Someone else under a name that is taken, as anyone who writes to the store can be; the registry is as before. */
async function impostorOf(place: World, raw: Store, name: string): Promise<Being> {
  const keys = [userKey(skeleton(name)), vaultKey(skeleton(name))]
  const standing = await Promise.all(
    keys.map(async (key) => (await raw.range(key, new Uint8Array([...key, 0]))).entries[0]),
  )
  await raw.commit({ then: keys.map((key) => ({ kind: 'delete', key })) })
  const impostor = await person(place, name)
  await raw.commit({
    then: standing.flatMap((entry) => (entry ? [{ kind: 'put', key: entry.key, value: entry.value } as const] : [])),
  })
  return impostor
}

/** What the impostor's own client would do if it had no gate: direct messages, and an invitation to them. */
async function lure(impostor: Being, victim: string): Promise<void> {
  const room = await impostor.chat.dm(victim, { trustNew: true })
  await say(room, 'it is me')
}

const invitations = (being: Being) => being.chat.knownRooms().filter(({ standing }) => standing === 'invited')

test('direct messages go to the key that is known under the name, whoever else invites under it', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [alice, bob] = [await person(place, 'alice'), await person(place, 'bob')]
  const chat = await bob.chat.dm('alice', { fingerprint: alice.chat.self.fingerprint })
  await (await alice.chat.dm('bob', { trustNew: true })).refresh()
  const impostor = await impostorOf(place, raw, 'alice')
  await lure(impostor, 'bob')

  expect((await bob.chat.dm('alice')).id).toBe(chat.id)
  expect((await bob.chat.open('@alice')).id).toBe(chat.id)
  await bob.chat.rooms()
  expect(invitations(bob)).toMatchObject([
    { name: '@alice', invitedBy: { name: 'alice', fingerprint: impostor.chat.self.fingerprint, known: false } },
  ])
  const [{ id }] = invitations(bob) as unknown as [{ id: string }]
  await expect(bob.chat.join(id, { trustNew: true })).rejects.toMatchObject({ code: 'unconfirmed-key' })
  await expect(bob.chat.join('@alice')).resolves.toMatchObject({ state: 'accepted', roomId: chat.id })
})

test('direct messages that are opened again in another program are followed there', async () => {
  const place = world('memory')
  const [alice, bob] = [await person(place, 'alice'), await person(place, 'bob')]
  const chat = await bob.chat.dm('alice', { trustNew: true })
  const hers = await alice.chat.dm('bob', { trustNew: true })
  await chat.refresh()
  await bob.chat.close()
  const same = await (await again(place, bob)).chat.dm('alice')
  await say(hers, 'still here?')
  await until(same, () => same.seq === 1)
  expect(same.id).toBe(chat.id)
})

test('a first direct message asks about the key, and goes to the one that was confirmed', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [alice, bob] = [await person(place, 'alice'), await person(place, 'bob')]
  const impostor = await impostorOf(place, raw, 'alice')
  await lure(impostor, 'bob')
  await expect(bob.chat.dm('alice')).rejects.toMatchObject({
    code: 'unconfirmed-key',
    person: { fingerprint: alice.chat.self.fingerprint },
  })
  // Who typed a fingerprint that is not the key's hears of it as an alarm.
  await expect(bob.chat.dm('alice', { fingerprint: impostor.chat.self.fingerprint })).rejects.toMatchObject({
    code: 'unconfirmed-key',
    message: expect.stringContaining('NOT'),
  })
  await expect(bob.chat.join('@alice')).rejects.toMatchObject({
    code: 'unconfirmed-key',
    person: { fingerprint: impostor.chat.self.fingerprint },
  })
  const room = await bob.chat.dm('alice', { fingerprint: alice.chat.self.fingerprint })
  expect(room.invitations).toMatchObject([{ fingerprint: alice.chat.self.fingerprint }])
})

test('nothing is sent to a person whose key turns out not to be the one known under their name', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [alice, bob] = [await person(place, 'alice'), await person(place, 'bob')]
  const impostor = await impostorOf(place, raw, 'alice')
  await lure(impostor, 'bob')
  await bob.chat.rooms()
  const [{ id }] = invitations(bob) as unknown as [{ id: string }]
  const room = await (await bob.chat.join(id, { fingerprint: impostor.chat.self.fingerprint })).wait()
  await say(room, 'before')
  await bob.chat.confirmKey('alice', alice.chat.self.fingerprint)
  await expect(room.send('for alice')).rejects.toMatchObject({ code: 'unconfirmed-key' })
  await expect(bob.chat.open('@alice')).rejects.toMatchObject({ code: 'unconfirmed-key' })
  expect(texts(await wholeHistory(room))).toEqual(['it is me', 'before'])
  expect((await bob.chat.dm('alice')).id).not.toBe(room.id)
})

test('an invitation takes the place of no listed room, and of none that one is in or waits for', async () => {
  const place = world('memory')
  const [ada, bob, mal] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'mal')]
  const general = await ada.chat.create('general')
  const evil = await mal.chat.create('general', { unlisted: true })
  await evil.invite('bob', { trustNew: true })
  const admission = await bob.chat.join('general')
  expect(admission).toMatchObject({ state: 'waiting', roomId: general.id })
  expect(await bob.chat.join('general')).toMatchObject({ state: 'waiting', roomId: general.id })
  await general.refresh()
  await general.accept('bob', { fingerprint: bob.chat.self.fingerprint })
  expect((await admission.wait()).id).toBe(general.id)
  expect((await bob.chat.open('general')).id).toBe(general.id)
  expect(await bob.chat.join('general')).toMatchObject({ state: 'accepted', roomId: general.id })
  // By its id, it is meant; and then the name alone means neither.
  await (await bob.chat.join(evil.id, { fingerprint: mal.chat.self.fingerprint })).wait()
  await expect(bob.chat.open('general')).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining(evil.id.slice(0, 20)),
  })
  expect((await bob.chat.open(`general#${general.id.slice(0, 20)}`)).id).toBe(general.id)
})

test('an invitation from a friend is taken up by name, from a stranger only once their key is confirmed', async () => {
  const place = world('memory')
  const [ada, bob, mal] = [await person(place, 'ada'), await person(place, 'bob'), await person(place, 'mal')]
  await enter(bob, await ada.chat.create('demo'))
  const den = await ada.chat.create('den', { unlisted: true })
  await den.invite('bob')
  const trap = await mal.chat.create('den', { unlisted: true })
  await trap.invite('bob', { trustNew: true })
  expect(await bob.chat.join('den')).toMatchObject({ state: 'accepted', roomId: den.id })
  const lair = await mal.chat.create('lair', { unlisted: true })
  await lair.invite('bob', { trustNew: true })
  await expect(bob.chat.join('lair')).rejects.toMatchObject({ code: 'unconfirmed-key', person: { name: 'mal' } })
  const { fingerprint } = mal.chat.self
  expect(await bob.chat.join('lair', { fingerprint })).toMatchObject({ state: 'accepted', roomId: lair.id })
})

test('a notice that is not what the room’s log says lets nobody in', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const den = await ada.chat.create('den', { unlisted: true })
  await den.invite('bob', { trustNew: true })
  const record = await raw.range(userKey(skeleton('bob')), new Uint8Array([...userKey(skeleton('bob')), 0]))
  const to = decodeNameRecord(record.entries[0]?.value ?? new Uint8Array(), 'bob')
  const forger = signerFromSeed(new Uint8Array(32).fill(7))
  for (const lie of [
    { roomName: 'den', direct: false, from: 'ada' },
    { roomName: 'den', direct: true, from: 'ada' },
  ]) {
    const value = await sealNotice(forger, to, { ...lie, roomId: fromHex(den.id), at: 0 })
    const key = inboxKey(inboxId(to.rootKey), new Uint8Array(16).fill(Number(lie.direct)))
    // The true one is gone.
    const { start, end } = inboxRange(inboxId(to.rootKey))
    await raw.commit({ then: [{ kind: 'delete', key: start, end }] })
    await raw.commit({ then: [{ kind: 'put', key, value: value as Uint8Array<ArrayBuffer> }] })
    await expect(bob.chat.join(den.id, { trustNew: true })).rejects.toMatchObject({ code: 'tampering' })
  }
  expect(den.members).toHaveLength(1)
  // Nothing of it stays: neither a room, nor a key that would count as known from then on.
  expect(bob.chat.knownRooms()).toEqual([])
  await expect(bob.chat.dm('ada')).rejects.toMatchObject({ code: 'unconfirmed-key', known: undefined })
})

test('a request that was replaced under the same name is not the one that was shown', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  const mine = await bob.chat.join('demo')
  await room.refresh()
  const [shown] = room.knocks
  await expect(room.accept('bob')).rejects.toMatchObject({
    code: 'unconfirmed-key',
    person: { fingerprint: bob.chat.self.fingerprint },
  })
  await mine.withdraw()
  const impostor = await impostorOf(place, raw, 'bob')
  await impostor.chat.join('demo')
  await expect(room.accept('bob', { fingerprint: shown?.fingerprint ?? '' })).rejects.toMatchObject({
    code: 'unconfirmed-key',
    message: expect.stringContaining('NOT'),
  })
  await expect(room.reject('bob', { fingerprint: shown?.fingerprint ?? '' })).rejects.toMatchObject({
    code: 'unconfirmed-key',
  })
  expect(room.members).toHaveLength(1)
})

test('hundreds of notices from strangers fill nothing that is one’s own, and a friend’s is found among them', async () => {
  const place = world('memory')
  const raw = await rawOf(place)
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  await enter(bob, await ada.chat.create('demo'))
  const den = await ada.chat.create('den', { unlisted: true })
  await den.invite('bob')
  const record = await raw.range(userKey(skeleton('bob')), new Uint8Array([...userKey(skeleton('bob')), 0]))
  const to = decodeNameRecord(record.entries[0]?.value ?? new Uint8Array(), 'bob')
  const forger = signerFromSeed(new Uint8Array(32).fill(9))
  const about = { roomName: 'spam', direct: false, from: 'ada', at: 2 ** 40 }
  for (let n = 0; n < untrustedReadMax + strangersNoticesMax; n += 1) {
    const roomId = new Uint8Array(32).fill(1)
    roomId[0] = n & 255
    roomId[1] = n >> 8
    const nonce = roomId.slice(0, 16)
    const value = await sealNotice(forger, to, { ...about, roomId })
    await raw.commit({
      then: [{ kind: 'put', key: inboxKey(inboxId(to.rootKey), nonce), value: value as Uint8Array<ArrayBuffer> }],
    })
  }
  // However often one looks; what is left over stays bounded.
  for (let look = 0; look < 3; look += 1) await bob.chat.rooms()
  expect(invitations(bob)).toHaveLength(strangersNoticesMax + 1)
  await bob.chat.create('mine')
  await bob.chat.dm('ada')
  expect(await bob.chat.join('den')).toMatchObject({ state: 'accepted', roomId: den.id })
  await bob.chat.rekey()
})
