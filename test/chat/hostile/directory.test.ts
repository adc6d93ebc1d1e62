/** Strangers who list rooms in bulk. Reads and bytes are counted, never time. */
import { expect, onTestFinished, test } from 'vitest'
import { listedRoomsMax, untrustedLookBytesMax, untrustedReadAtOnce } from '../../../src/base/limits.ts'
import { directoryKey } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'
import { person, untilChat, world, type Being } from '../world.ts'
import { listings, oversized, putAll } from './flood.ts'

async function scene(): Promise<{ raw: Store; ada: Being; bob: Being }> {
  const place = world('memory')
  const raw = await place.openStore()
  onTestFinished(() => raw.close())
  return { raw, ada: await person(place, 'ada'), bob: await person(place, 'bob') }
}

const names = ({ chat }: Being) => chat.knownRooms().map(({ name }) => name)

test('oversized entries are read in bounded bytes, once, and hide no room', async () => {
  const { raw, ada, bob } = await scene()
  await ada.chat.create('general')
  const megabytes = (3 * untrustedLookBytesMax) / 1_000_000
  await putAll(
    raw,
    oversized(megabytes, (n) => directoryKey(`a${n}`), 1_000_000),
  )
  const before = bob.line.read.bytes
  const rooms = await bob.chat.rooms()
  const first = bob.line.read.bytes - before
  expect(rooms.map(({ name }) => name)).toContain('general')
  // Two looks: following begins with one of its own.
  expect(first).toBeLessThan(2 * (untrustedLookBytesMax + untrustedReadAtOnce * 1_000_000) + 100_000)
  // The rest is read by the looks that follow; from then on none.
  for (let look = 0; look < 3; look += 1) await bob.chat.rooms()
  const rest = bob.line.read.bytes
  await bob.chat.rooms()
  expect(bob.line.read.bytes - rest).toBeLessThan(100_000)
})

test('a flood of listed rooms is cut off, and the older rooms stay', async () => {
  const { raw, ada, bob } = await scene()
  await ada.chat.create('general')
  await putAll(raw, listings(listedRoomsMax + 50))
  for (let look = 0; look < 3; look += 1) await bob.chat.rooms()
  expect(names(bob)).toContain('general')
  expect(names(bob)).toHaveLength(listedRoomsMax)
  await ada.chat.create('later')
  expect(await bob.chat.join('later')).toMatchObject({ state: 'waiting' })
})

test('a change in the directory costs one entry, not all of them', async () => {
  const { raw, ada, bob } = await scene()
  await putAll(raw, listings(300))
  await bob.chat.rooms()
  await untilChat(bob.chat, () => names(bob).length === 300)
  const before = bob.line.read.values + bob.line.read.keys
  await ada.chat.create('general')
  await untilChat(bob.chat, () => names(bob).includes('general'))
  expect(bob.line.read.values + bob.line.read.keys - before).toBeLessThan(20)
})
