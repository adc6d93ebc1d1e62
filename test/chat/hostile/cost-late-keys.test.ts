/**
 * What it costs when a member opens epochs that nobody else has keys of, and shows the keys one by one. Operations are
 * counted, never time.
 */
import { describe, expect, it } from 'vitest'
import type { RowVerdict } from '../../../src/chat/replica/row.ts'
import { encode } from '../../../src/base/codec.ts'
import { sealLink, type EpochKeys } from '../../../src/protocol/epoch.ts'
import { controlKey, logKey } from '../../../src/protocol/paths.ts'
import type { Store } from '../../../src/store/store.ts'
import { roomLogOf, storeOf } from '../../protocol/properties/store-client.ts'
import { RoomBuilder, type User } from '../../protocol/room-builder.ts'
import { counted } from './counted.ts'
import { CountingStore } from './counting-store.ts'
import { expectLinear } from './linear.ts'

interface Scene {
  readonly world: RoomBuilder
  readonly ada: User
  readonly eve: User
  /** Of the epochs that ada alone can open. */
  readonly withheld: readonly EpochKeys[]
}

const text = (said: string) => [{ type: 'text', text: said }] as const

/** Each epoch has one message in it, and `records` follow all of them. */
async function scene(epochs: number, records: number): Promise<Scene> {
  const world = new RoomBuilder('late keys')
  const [ada, eve] = [await world.user('ada'), await world.user('eve')]
  await world.create(ada)
  await world.join(ada, eve)
  const withheld: EpochKeys[] = []
  for (let k = 0; k < epochs; k += 1) {
    const { keys } = await world.forged(ada, { type: 'rotate' }, { badLink: true, wrapFor: [] })
    withheld.push(keys)
    world.append(world.message(ada, { keys, contents: text(`hidden ${k}`), counter: 900_000 + k }))
    await world.recover(ada, { type: 'rotate' })
  }
  for (let k = 0; k < records; k += 1) world.say(eve, `said ${k}`)
  return { world, ada, eve, withheld }
}

/** A record with a link that leads from the present epoch to this one. */
async function reveal({ world, ada }: Scene, store: Store, keys: EpochKeys): Promise<void> {
  const links = [sealLink(world.roomId, world.keys, keys, world.dice.random)]
  const { i, bytes } = await world.forged(ada, { type: 'repair', epoch: 1 }, { header: { links } })
  await store.commit({ then: [{ kind: 'put', key: logKey(world.roomId, i), value: bytes }] })
  await store.commit({ then: [{ kind: 'put', key: controlKey(world.roomId, 5000 + i), value: encode(i) }] })
}

async function verdictsIn(log: ReturnType<typeof roomLogOf>, to: number): Promise<readonly RowVerdict[]> {
  await log.replica.flush()
  return (await log.replica.rows(0, to, to)).map(({ verdict }) => verdict)
}

const hidden = (verdicts: readonly RowVerdict[]) => verdicts.filter((verdict) => verdict === 'locked').length

describe('keys that are shown one by one', () => {
  it.each([
    ['from the first epoch on', (keys: readonly EpochKeys[]) => keys],
    ['from the last epoch on', (keys: readonly EpochKeys[]) => keys.toReversed()],
  ])('cost a reader no more than what they read, %s', async (_order, inOrder) => {
    const cost = async (n: number) => {
      const at = await scene(n, 2 * n)
      const { world, eve } = at
      const store = await storeOf(world)
      const home = new CountingStore()
      const { verified, opened } = await counted(eve, async (as) => {
        const log = roomLogOf(store, world, as, true, home)
        await log.catchUp()
        expect(hidden(await verdictsIn(log, world.log.length))).toBe(n)
        for (const keys of inOrder(at.withheld)) {
          await reveal(at, store, keys)
          await log.catchUp()
        }
        await log.replica.flush()
      })
      return { verified, opened, bytesWritten: home.bytesWritten }
    }
    const [few, many] = [await cost(20), await cost(40)]
    for (const [name, count] of Object.entries(few)) expectLinear(count, many[name as keyof typeof many], name)
  })

  it('have all been judged after the next start at the latest', async () => {
    const at = await scene(12, 6)
    const { world, eve, withheld } = at
    const store = await storeOf(world)
    const home = new CountingStore()
    const log = roomLogOf(store, world, eve, true, home)
    await log.load()
    await log.catchUp()
    for (const keys of withheld) {
      await reveal(at, store, keys)
      await log.catchUp()
    }
    await log.replica.flush()
    const next = roomLogOf(store, world, eve, true, home)
    await next.load()
    await next.catchUp()
    expect(hidden(await verdictsIn(next, world.log.length))).toBe(0)
    // And what a reader finds who comes last.
    const fresh = roomLogOf(store, world, eve, true)
    await fresh.catchUp()
    expect(await verdictsIn(next, world.log.length)).toEqual(await verdictsIn(fresh, world.log.length))
  })

  it('are taken at once while they are few', async () => {
    const at = await scene(3, 6)
    const { world, eve, withheld } = at
    const store = await storeOf(world)
    const log = roomLogOf(store, world, eve, true)
    await log.catchUp()
    for (const keys of withheld) {
      await reveal(at, store, keys)
      await log.catchUp()
    }
    expect(hidden(await verdictsIn(log, world.log.length))).toBe(0)
  })
})
