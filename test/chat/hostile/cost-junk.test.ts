/** Junk in a room's log and beside it, written by anyone with access to the store: it fills neither memory nor homes. */
import { expect, it } from 'vitest'
import { concat } from '../../../src/base/bytes.ts'
import { encode } from '../../../src/base/codec.ts'
import { controlKey, logKey, wrapPageKey, wrapsRange } from '../../../src/protocol/paths.ts'
import { roomLogOf, storeOf } from '../../protocol/properties/store-client.ts'
import { RoomBuilder, type User } from '../../protocol/room-builder.ts'
import { CountingStore } from './counting-store.ts'

const junk = new Uint8Array(100_000).fill(7)

interface Scene {
  readonly world: RoomBuilder
  readonly ada: User
  readonly eve: User
  readonly store: CountingStore
}

async function scene(): Promise<Scene> {
  const world = new RoomBuilder('junk')
  const [ada, eve] = [await world.user('ada'), await world.user('eve')]
  await world.create(ada)
  await world.rotate(ada)
  await world.join(ada, eve)
  world.say(ada, 'one')
  const store = new CountingStore()
  await storeOf(world, store)
  return { world, ada, eve, store }
}

/** What a device takes that has nothing of the room yet. */
async function newDevice({ world, store }: Scene, user: User, knowsIndex: boolean) {
  const home = new CountingStore()
  store.bytesRead = 0
  const log = roomLogOf(store, world, user, knowsIndex, home)
  await log.catchUp()
  await log.replica.flush()
  expect(await log.replica.rows(0, world.log.length, world.log.length)).not.toContainEqual(
    expect.objectContaining({ verdict: 'locked' }),
  )
  return { bytesRead: store.bytesRead, bytesWritten: home.bytesWritten }
}

it('in the place of hints is read up to a bound, however much there is', async () => {
  const cost = async (hints: number) => {
    const at = await scene()
    for (let k = 0; k < hints; k += 1) {
      await at.store.commit({ then: [{ kind: 'put', key: controlKey(at.world.roomId, 1000 + k), value: junk }] })
    }
    return newDevice(at, at.eve, true)
  }
  const [few, many] = [await cost(300), await cost(600)]
  expect(many.bytesRead).toBeLessThanOrEqual(1.1 * few.bytesRead)
}, 60_000)

it.each([
  ['the creator', (at: Scene) => at.ada, true],
  ['someone who does not know their index', (at: Scene) => at.eve, false],
] as const)(
  'among pages of wraps is read up to a bound, and not kept, by %s',
  async (_who, who, knowsIndex) => {
    const cost = async (pages: number) => {
      const at = await scene()
      const { world, store } = at
      for (const opening of world.room.openings) {
        if (opening === undefined) continue
        for (let k = 0; k < pages; k += 1) {
          await store.commit({
            then: [{ kind: 'put', key: wrapPageKey(world.roomId, opening.wraps, 1 + k), value: junk }],
          })
        }
        // And keys that number no page.
        for (const end of [Uint8Array.of(1), new Uint8Array(8).fill(0xff)]) {
          const key = concat(wrapsRange(world.roomId, opening.wraps).start, end)
          await store.commit({ then: [{ kind: 'put', key, value: junk }] })
        }
      }
      return newDevice(at, who(at), knowsIndex)
    }
    const [few, many] = [await cost(160), await cost(320)]
    expect(many.bytesRead).toBeLessThanOrEqual(1.1 * few.bytesRead)
    expect(many.bytesWritten).toBeLessThan(100_000)
  },
  60_000,
)

/** As large as a store takes. */
const huge = new Uint8Array(1_500_000).fill(7)

it.each([
  [
    'between two records of the log',
    (world: RoomBuilder, k: number) => concat(logKey(world.roomId, 1), Uint8Array.of(k)),
  ],
  ['right behind its end', (world: RoomBuilder, k: number) => logKey(world.roomId, world.log.length + k)],
  ['far behind, where hints point', (world: RoomBuilder, k: number) => logKey(world.roomId, 2 ** 40 + k)],
] as const)('of 120 MB %s never comes in one answer', async (where, keyOf) => {
  const { world, ada, store } = await scene()
  // Long enough for its newest end to be read first.
  for (let k = 0; k < 300; k += 1) world.say(ada, `${k}`)
  await storeOf(world, store)
  for (let k = 0; k < 80; k += 1) {
    await store.commit({ then: [{ kind: 'put', key: keyOf(world, k), value: huge }] })
    if (where.endsWith('point')) {
      const hint = controlKey(world.roomId, 1000 + k)
      await store.commit({ then: [{ kind: 'put', key: hint, value: encode(2 ** 40 + k) }] })
    }
  }
  store.largestAnswer = 0
  const log = roomLogOf(store, world, ada, true)
  // Some of it is told as damage.
  await Promise.allSettled([log.catchUp()])
  expect(store.largestAnswer).toBeLessThanOrEqual(49_000_000)
  await store.close()
})
