/** Strangers who ask to join in bulk. Reads, openings and rows are counted, never time. */
import { expect, onTestFinished, test } from 'vitest'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import { untrustedLookBytesMax, untrustedReadMax, untrustedReadAtOnce } from '../../../src/base/limits.ts'
import { requestsKeptMax, requestBurstMax } from '../../../src/base/limits.ts'
import { knockKey, knocksRange } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'
import { enter, person, until, world, type Being } from '../world.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { nth, oversized, putAll, requests } from './flood.ts'

interface Scene {
  readonly raw: Store
  readonly ada: Being
  readonly bob: Being
  readonly room: Room
  readonly roomId: Bytes
}

async function scene(): Promise<Scene> {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  const [ada, bob] = [await person(place, 'ada'), await person(place, 'bob')]
  const room = await ada.chat.create('demo')
  return { raw, ada, bob, room, roomId: fromHex(room.id) }
}

async function lying(raw: Store, roomId: Bytes): Promise<number> {
  const { start, end } = knocksRange(roomId)
  return (await raw.range(start, end, { keysOnly: true })).entries.length
}

/** What one look of a program that has just been started reads. */
async function valuesOf(being: Being, act: () => Promise<unknown>): Promise<number> {
  const before = being.line.read.values
  await act()
  return being.line.read.values - before
}

test('each request of a flood is read once, a bounded number at a look, and a friend’s is found among them', async () => {
  const { raw, ada, bob, room, roomId } = await scene()
  // Known from another room, and the first who asks.
  await enter(bob, await ada.chat.create('other'))
  ada.line.cut()
  await bob.chat.join('demo')
  const flood = untrustedReadMax + 2 * untrustedReadAtOnce
  await putAll(raw, await requests(raw, roomId, flood))
  ada.line.mend()
  await until(room, () => room.knocks.length > 0)
  await room.refresh()
  await room.refresh()
  expect(room.knocks.map(({ name }) => name)).toContain('bob')
  expect(room.knocks.length).toBeLessThanOrEqual(requestsKeptMax)
  const again = await valuesOf(ada, () => room.refresh())
  const total = { again, lying: await lying(raw, roomId) }
  expect(total.again).toBeLessThan(10)
  expect(total.lying).toBeLessThanOrEqual(requestsKeptMax)
})

test('a request whose date lies in the future is not shown, and none is shown for ever', async () => {
  const { raw, room, roomId } = await scene()
  await putAll(raw, await requests(raw, roomId, 1, { at: 2 ** 52 }))
  await putAll(raw, await requests(raw, roomId, 1, { at: Date.now() - 8 * 86_400_000, from: 1 }))
  await putAll(raw, await requests(raw, roomId, 1, { at: Date.now() + 3_600_000, from: 2 }))
  await room.refresh()
  expect(room.knocks.map(({ name }) => name)).toEqual(['mal2'])
})

test('one key has one request, however many it writes', async () => {
  const { raw, room, roomId } = await scene()
  await putAll(raw, await requests(raw, roomId, 40, { sameKey: true }))
  await room.refresh()
  expect(room.knocks).toHaveLength(1)
  expect(await lying(raw, roomId)).toBe(1)
})

test('what is no request is read once, in bounded bytes, and is deleted by members', async () => {
  const { raw, ada, bob, room, roomId } = await scene()
  const megabytes = untrustedLookBytesMax / 1_000_000 + 4
  await putAll(
    raw,
    oversized(megabytes, (n) => knockKey(roomId, nth(n, 16)), 1_000_000),
  )
  await bob.chat.join('demo')
  const before = ada.line.read.bytes
  await room.refresh()
  expect(ada.line.read.bytes - before).toBeLessThan(untrustedLookBytesMax + untrustedReadAtOnce * 1_000_000 + 100_000)
  await room.refresh()
  expect(room.knocks.map(({ name }) => name)).toEqual(['bob'])
  expect(await lying(raw, roomId)).toBe(1)
})

test('a flood draws a bounded number of lines', async () => {
  const { raw, room, roomId } = await scene()
  await room.refresh()
  let drawn = 0
  room.on('knock', () => (drawn += 1))
  await putAll(raw, await requests(raw, roomId, requestBurstMax + 40))
  await until(room, () => room.knocks.length === requestBurstMax + 40)
  expect(drawn).toBe(requestBurstMax)
})

test('a request that was lost among strangers’ is sent again by the next join, and an answered one is not', async () => {
  const { raw, bob, room, roomId } = await scene()
  await bob.chat.join('demo')
  const { start, end } = knocksRange(roomId)
  await raw.commit({ then: [{ kind: 'delete', key: start, end }] })
  const admission = await bob.chat.join('demo')
  await room.refresh()
  expect(room.knocks.map(({ name }) => name)).toEqual(['bob'])
  await room.accept('bob', { fingerprint: bob.chat.self.fingerprint })
  await admission.wait()
  expect(await lying(raw, roomId)).toBe(0)
  expect(await bob.chat.join('demo')).toMatchObject({ state: 'accepted' })
  expect(await lying(raw, roomId)).toBe(0)
})

test('a stranger’s copies and older requests of a friend take nothing from the friend’s own', async () => {
  const { raw, ada, bob, room, roomId } = await scene()
  await enter(bob, await ada.chat.create('other'))
  await bob.chat.join('demo')
  const { start, end } = knocksRange(roomId)
  const [own] = (await raw.range(start, end)).entries
  for (let n = 0; n < 5; n += 1) {
    await raw.commit({ then: [{ kind: 'put', key: knockKey(roomId, nth(n, 16)), value: own?.value ?? nth(n, 16) }] })
  }
  await room.refresh()
  const left = (await raw.range(start, end)).entries
  expect(left.map(({ key }) => key)).toEqual([own?.key])
  expect(room.knocks).toMatchObject([{ name: 'bob', fingerprint: bob.chat.self.fingerprint }])
})
