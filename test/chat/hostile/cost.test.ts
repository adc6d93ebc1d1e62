/**
 * What hostile records cost those who read them. Operations are counted, never time: twice the records may cost at most
 * about twice as much.
 */
import { describe, expect, it } from 'vitest'
import { emptyBytes } from '../../../src/base/bytes.ts'
import { LateKeys } from '../../../src/chat/reconcile/late-keys.ts'
import type { RoomKeys } from '../../../src/chat/replay/room-keys.ts'
import { LogState } from '../../../src/chat/replay/log-state.ts'
import { Seen } from '../../../src/chat/replica/seen.ts'
import { headEvidenceOf } from '../../../src/protocol/head-evidence.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { Keyring } from '../../../src/protocol/keyring.ts'
import type { EpochOpening } from '../../../src/protocol/epoch.ts'
import { decodeRecord } from '../../../src/protocol/record.ts'
import { roomLogOf, storeOf } from '../../protocol/properties/store-client.ts'
import { RoomBuilder, type User } from '../../protocol/room-builder.ts'
import { CountingStore } from './counting-store.ts'
import { expectLinear } from './linear.ts'

class CountingKeyring extends Keyring {
  asked = 0

  override get(opening: EpochOpening | undefined) {
    this.asked += 1
    return super.get(opening)
  }
}

async function loneAdmin(): Promise<[RoomBuilder, User]> {
  const world = new RoomBuilder('cost')
  const ada = await world.user('ada')
  await world.create(ada)
  return [world, ada]
}

describe('a lone admin who opens epochs and recovers from them', () => {
  /** Pairs of a rotation and its recovery. */
  async function recovered(pairs: number): Promise<[RoomBuilder, User]> {
    const [world, ada] = await loneAdmin()
    for (let k = 0; k < pairs; k += 1) {
      await world.rotate(ada)
      await world.recover(ada, { type: 'rotate' })
    }
    return [world, ada]
  }

  function opened(world: RoomBuilder): [LogState, CountingKeyring] {
    const keyring = new CountingKeyring()
    for (const keys of world.keyring.all()) keyring.add(keys)
    const state = new LogState(world.roomId, new Seen(world.roomId), keyring)
    for (const bytes of world.log) state.apply(state.judge(bytes))
    return [state, keyring]
  }

  it('makes no opening of the room cost more than its records', async () => {
    const cost = async (pairs: number) => {
      const [world] = await recovered(pairs)
      const [state, keyring] = opened(world)
      const late = new LateKeys(new MemoryStore(), state, {} as RoomKeys)
      await late.load({ i: 0, bytes: world.log[0] ?? emptyBytes, verdict: 'valid', seq: 1, repeats: [], n: 0 }, [])
      return keyring.asked
    }
    expectLinear(await cost(7), await cost(14))
  })

  it('makes no void record cost more than another', async () => {
    const cost = async (pairs: number) => {
      const [world, ada] = await recovered(pairs)
      const stale = await world.forge(ada, { type: 'topic', topic: 'void' }, { header: { n: 1 } })
      const [state, keyring] = opened(world)
      keyring.asked = 0
      if (state.room) headEvidenceOf(state.room, world.log.length, decodeRecord(stale.bytes), keyring)
      return keyring.asked
    }
    const [few, many] = [await cost(7), await cost(14)]
    expect(many).toBe(few)
  })
})

/** What a newcomer's home takes when they read the whole room. */
async function homeAfter(world: RoomBuilder, reader: User): Promise<CountingStore> {
  const home = new CountingStore()
  const log = roomLogOf(await storeOf(world), world, reader, true, home)
  await log.catchUp()
  await log.replica.flush()
  return home
}

describe('the rows of a home', () => {
  it('grow by no member’s counters, however many gaps they have', async () => {
    const cost = async (records: number) => {
      const [world, ada] = await loneAdmin()
      const contents = [{ type: 'text', text: 'x' }] as const
      for (let k = 0; k < records; k += 1) world.append(world.message(ada, { contents, counter: 2 * k }))
      return homeAfter(world, ada)
    }
    const [few, many] = [await cost(300), await cost(600)]
    expectLinear(few.bytesWritten, many.bytesWritten)
    expect(many.longestValue).toBeLessThan(2000)
  })

  it('grow by nobody’s epochs, and are not written again with each', async () => {
    const cost = async (epochs: number) => {
      const [world, ada] = await loneAdmin()
      for (let k = 0; k < epochs; k += 1) await world.rotate(ada)
      return homeAfter(world, ada)
    }
    const [few, many] = [await cost(60), await cost(120)]
    expectLinear(few.bytesWritten, many.bytesWritten)
    expect(many.longestValue).toBeLessThan(4000)
  })

  it('are not written one by one for void records that name heads of the author’s invention', async () => {
    const cost = async (records: number) => {
      const [world, ada] = await loneAdmin()
      const contents = [{ type: 'text', text: 'x' }] as const
      for (let k = 0; k < records; k += 1) {
        world.append(world.message(ada, { contents, head: world.dice.random(32) }))
      }
      return homeAfter(world, ada)
    }
    // As many as batches of rows, and not one for each record.
    expect((await cost(200)).commits).toBeLessThan(100)
  })
})
