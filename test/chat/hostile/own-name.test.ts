/** A person's name record in the store, replaced by others: its owner's client restores it, and goes on. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { decodeNameRecord } from '../../../src/protocol/name-record.ts'
import { userKey, vaultKey } from '../../../src/protocol/paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import type { Store } from '../../../src/store/store.ts'
import { again, enter, person, untilChat, world, type Being, type World } from '../world.ts'

interface Scene {
  readonly place: World
  readonly raw: Store
  readonly ada: Being
  /** As it was before ada replaced her keys for the first time, and as it is. */
  readonly older: Bytes
  readonly genuine: Bytes
}

const key = userKey(skeleton('ada'))

async function recordOf(raw: Store, name = 'ada'): Promise<Bytes> {
  const entry = await readOne(raw, userKey(skeleton(name)))
  if (entry === undefined) throw new Error('no record')
  return entry.value
}

async function scene(): Promise<Scene> {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const ada = await person(place, 'ada')
  const older = await recordOf(raw)
  await ada.chat.rekey()
  return { place, raw, ada, older, genuine: await recordOf(raw) }
}

const put = (raw: Store, value: Bytes) => raw.commit({ then: [{ kind: 'put', key, value }] })

const spoilings: readonly (readonly [string, (at: Scene) => Promise<unknown>])[] = [
  ['is junk', ({ raw }) => put(raw, fromHex('ff'.repeat(200)))],
  ['is larger than a record can be', ({ raw }) => put(raw, new Uint8Array(1_000_000))],
  [
    'is flipped by a bit',
    ({ raw, genuine }) =>
      put(
        raw,
        genuine.map((byte, at) => (at === 70 ? byte ^ 1 : byte)),
      ),
  ],
  ['is empty', ({ raw }) => put(raw, new Uint8Array(0))],
  [
    'is the record of another name',
    async ({ place, raw }) => {
      await person(place, 'cyd')
      await put(raw, await recordOf(raw, 'cyd'))
    },
  ],
  ['was deleted', ({ raw }) => raw.commit({ then: [{ kind: 'delete', key }] })],
  ['is an older one', ({ raw, older }) => put(raw, older)],
]

describe.each(spoilings)('a name record that %s', (_what, spoil) => {
  test('is restored at the next start', async () => {
    const at = await scene()
    await at.ada.chat.close()
    await spoil(at)
    const { chat } = await again(at.place, at.ada)
    await chat.rooms()
    await untilChat(chat, () => chat.recoveries.length > 0)
    expect(chat.recoveries).toMatchObject([{ kind: 'put-back', text: expect.stringContaining('was restored') }])
    expect(decodeNameRecord(await recordOf(at.raw), 'ada').rootKey).toEqual(decodeNameRecord(at.genuine, 'ada').rootKey)
  })

  test('stops no change of keys: it is restored first, and the keys are new', async () => {
    const at = await scene()
    const room = await at.ada.chat.create('demo')
    const bob = await person(at.place, 'bob')
    await enter(bob, room)
    const { fingerprint: before } = at.ada.chat.self
    await spoil(at)
    const { fingerprint, rooms } = await at.ada.chat.rekey()
    expect([fingerprint === before, rooms]).toEqual([false, 1])
    const record = decodeNameRecord(await recordOf(at.raw), 'ada')
    const former = decodeNameRecord(at.genuine, 'ada').rootKey
    expect(record.links.at(-1)?.rootKey).toEqual(former)
    // Those who know the former key follow, and no warning is due.
    expect(await bob.chat.safetyNumber('ada')).toMatchObject({ fingerprint })
  })
})

test('a name record with someone else’s key stays as it is, and a change of keys says so and changes nothing', async () => {
  const at = await scene()
  await at.raw.commit({ then: [{ kind: 'delete', key }] })
  await person(at.place, 'ada')
  const theirs = await recordOf(at.raw)
  const { fingerprint } = at.ada.chat.self
  await expect(at.ada.chat.rekey()).rejects.toMatchObject({
    code: 'tampering',
    message: expect.stringContaining('Someone else'),
  })
  expect(at.ada.chat.self.fingerprint).toBe(fingerprint)
  expect(await recordOf(at.raw)).toEqual(theirs)
})

test('a name record that another machine has renewed is not replaced, and a change of keys says what to do', async () => {
  const at = await scene()
  const [copy, theirs] = [vaultKey(skeleton('ada')), await again(at.place, at.ada, at.place.machine())]
  const before = (await readOne(at.raw, copy))?.value
  at.ada.line.cut()
  await theirs.chat.rekey()
  await theirs.chat.close()
  const renewed = await recordOf(at.raw)
  // The store shows an older copy of the vault.
  await at.raw.commit({ then: [{ kind: 'put', key: copy, value: before ?? new Uint8Array(0) }] })
  at.ada.line.mend()
  await expect(at.ada.chat.rekey()).rejects.toMatchObject({
    code: 'tampering',
    hint: expect.stringMatching(/other machine/),
  })
  expect(await recordOf(at.raw)).toEqual(renewed)
})
