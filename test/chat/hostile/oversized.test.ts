/** Values of over a megabyte where some hundred bytes are expected: one read each, refused before anything is decoded. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { encode } from '../../../src/base/codec.ts'
import { decodeCard } from '../../../src/protocol/card.ts'
import { decodeNameRecord } from '../../../src/protocol/name-record.ts'
import { cardKey, controlKey, directoryKey, userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { vaultHeader } from '../../../src/crypto/vault.ts'
import { again, person, say, world } from '../world.ts'

/** Well-formed, and expensive to decode. */
const huge = encode(Array.from({ length: 1_400_000 }, () => 1))

test('are refused by their size', () => {
  expect(() => decodeCard(new Uint8Array(32), huge)).toThrow('larger than a card')
  expect(() => decodeNameRecord(huge, 'ada')).toThrow('larger than a name record')
  expect(vaultHeader(huge)).toBeUndefined()
})

test('cost whoever meets them one read, and an error that says what it is', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  await say(room, 'one')
  const roomId = fromHex(room.id)
  const cost = async (key: Bytes, act: () => Promise<unknown>, code: string) => {
    const [standing] = (await raw.range(key, new Uint8Array([...key, 0]))).entries
    await raw.commit({ then: [{ kind: 'put', key, value: huge }] })
    const before = bob.line.read.bytes
    await expect(act()).rejects.toMatchObject({ code })
    expect(bob.line.read.bytes - before).toBeLessThan(2 * huge.length)
    if (standing) await raw.commit({ then: [{ kind: 'put', key, value: standing.value }] })
  }
  await cost(cardKey(roomId), () => bob.chat.join(room.id), 'tampering')
  await cost(directoryKey(skeleton('demo')), () => bob.chat.join('demo'), 'no-such-room')
  await cost(userKey(skeleton('ada')), () => bob.chat.dm('ada', { trustNew: true }), 'tampering')
  await cost(userKey(skeleton('ada')), () => bob.chat.confirmKey('ada', ada.chat.self.fingerprint), 'tampering')
  await raw.commit({ then: [{ kind: 'put', key: controlKey(roomId, 1), value: huge }] })
  expect(await bob.chat.join('demo')).toMatchObject({ state: 'waiting' })
})

test('in the place of a person’s own records stop neither their rooms nor their change of keys, and are replaced', async () => {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const ada = await person(place, 'ada')
  const room = await ada.chat.create('demo')
  for (const keyOf of [userKey, vaultKey]) {
    await raw.commit({ then: [{ kind: 'put', key: keyOf(skeleton('ada')), value: huge }] })
  }
  await say(room, 'one')
  await ada.chat.create('other')
  await expect(again(place, ada, place.machine())).rejects.toMatchObject({ code: 'tampering' })
  await ada.chat.rekey()
  const { chat } = await again(place, ada, place.machine())
  expect(chat.self).toEqual(ada.chat.self)
})
