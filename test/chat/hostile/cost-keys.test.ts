/**
 * What it costs to find the keys of a room in which members write records that count for nothing. Operations are counted,
 * never time.
 */
import { expect, describe, it } from 'vitest'
import { epochKeys, sealLink } from '../../../src/protocol/epoch.ts'
import { controlRange } from '../../../src/protocol/paths.ts'
import { roomLogOf, storeOf } from '../../protocol/properties/store-client.ts'
import { RoomBuilder, type User } from '../../protocol/room-builder.ts'
import { counted, type Counts } from './counted.ts'
import { CountingStore } from './counting-store.ts'
import { expectLinear } from './linear.ts'

interface Scene {
  readonly world: RoomBuilder
  readonly ada: User
  /** A member who writes as they like. */
  readonly mallory: User
  readonly eve: User
}

async function scene(): Promise<Scene> {
  const world = new RoomBuilder('keys')
  const [ada, mallory, eve] = [await world.user('ada'), await world.user('mallory'), await world.user('eve')]
  await world.create(ada)
  await world.join(ada, mallory)
  for (let k = 0; k < 3; k += 1) await world.rotate(ada)
  return { world, ada, mallory, eve }
}

/** What a newcomer takes who is let in at the end, and reads all of it. */
async function newcomersCost({ world, ada, eve }: Scene): Promise<Counts & { readonly bytesRead: number }> {
  await world.join(ada, eve)
  const store = new CountingStore()
  await storeOf(world, store)
  // Anyone can take the hints away, or add some: then everything is looked at.
  const { start, end } = controlRange(world.roomId)
  await store.commit({ then: [{ kind: 'delete', key: start, end }] })
  const counts = await counted(eve, async (as) => {
    const log = roomLogOf(store, world, as, true)
    await log.catchUp()
    const { rows } = log.replica
    const read = await rows.call(log.replica, 0, world.log.length, world.log.length)
    expect(read.filter(({ verdict }) => verdict === 'locked')).toHaveLength(0)
  })
  return { ...counts, bytesRead: store.bytesRead }
}

async function expectAllLinear(cost: (records: number) => Promise<object>, records = 60): Promise<void> {
  const [few, many] = [await cost(records), await cost(2 * records)]
  for (const [name, count] of Object.entries(few)) expectLinear(count as number, many[name as never], name)
}

describe('void records of one member', () => {
  it('with openings and links of their invention make a newcomer try each once', async () => {
    await expectAllLinear(async (records) => {
      const at = await scene()
      const { world, mallory } = at
      const { random } = world.dice
      for (let k = 0; k < records; k += 1) {
        const [source, previousHead] = [world.keysOf(1), random(32)]
        const [one, other] = [0, 0].map(() => epochKeys(world.roomId, 0, random(32), random(32)))
        if (one === undefined || other === undefined) throw new Error('two')
        const links = [sealLink(world.roomId, source, one, random), sealLink(world.roomId, source, other, random)]
        const header = { epoch: 0, n: 900 + k, previousHead, links }
        await world.forged(mallory, { type: 'rotate' }, { header })
      }
      return newcomersCost(at)
    })
  })

  it('with entries for a newcomer are unwrapped once each', async () => {
    await expectAllLinear(async (records) => {
      const at = await scene()
      const { world, mallory, eve } = at
      for (let k = 0; k < records; k += 1) {
        const header = { n: 900 + k, previousHead: world.dice.random(32), epoch: 0 }
        await world.forged(mallory, { type: 'accept', knock: world.knock(eve) }, { header })
      }
      return newcomersCost(at)
      // Finding the end of a log takes up to 128 records more.
    }, 100)
  })

  it('that name the pages of a true epoch have nobody try them again', async () => {
    const cost = async (records: number) => {
      const at = await scene()
      const { world, mallory, ada } = at
      const opened = world.controls.at(-1)?.outer.header
      if (!opened?.wraps) throw new Error('an epoch')
      for (let k = 0; k < records; k += 1) {
        const header = { n: 900 + k, previousHead: world.dice.random(32), epoch: 1 + (k % 3), wraps: opened.wraps }
        await world.forged(mallory, { type: 'rotate' }, { header })
      }
      // Mallory gives ada nothing, and her newest epoch can be reached only from a later one.
      await world.promote(ada, mallory)
      const kept = await world.forged(mallory, { type: 'rotate' }, { wrapFor: [mallory] })
      world.learn(kept.keys)
      await world.rotate(mallory)
      return newcomersCost({ ...at, ada: mallory, eve: ada })
    }
    const [few, many] = [await cost(20), await cost(120)]
    expect(many.unwrapped).toBeLessThanOrEqual(few.unwrapped + 4)
  })
})

describe('epochs that a member gives nobody', () => {
  it('have nobody read the whole log for each', async () => {
    await expectAllLinear(async (epochs) => {
      const at = await scene()
      const { world, ada } = at
      for (let k = 0; k < epochs; k += 1) {
        await world.forged(ada, { type: 'rotate' }, { badLink: true, wrapFor: [] })
        await world.recover(ada, { type: 'rotate' })
      }
      const { bytesRead, unwrapped, opened } = await newcomersCost(at)
      return { bytesRead, unwrapped, opened }
    }, 30)
  })
})

describe('repairs of one link, good or bad', () => {
  it('are each followed once', async () => {
    await expectAllLinear(async (records) => {
      const at = await scene()
      const { world, mallory } = at
      for (let k = 0; k < records; k += 1) {
        const { random } = world.dice
        const stray = { ...world.keysOf(0), secret: random(32) }
        const links = [sealLink(world.roomId, world.keysOf(1), stray, random)]
        if (k % 2 === 0) await world.repair(mallory, 1)
        else await world.forged(mallory, { type: 'repair', epoch: 1 }, { header: { links } })
      }
      return newcomersCost(at)
    })
  })
})
