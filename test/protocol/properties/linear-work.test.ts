/**
 * Reading costs what is read: whatever hostile members write, twice as much of it takes at most twice the work. Work is
 * counted (signatures, wraps, ciphertexts, derivations, hashes, bytes and rows), never timed.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { controlRange } from '../../../src/protocol/paths.ts'
import { counted } from '../../chat/hostile/counted.ts'
import { CountingStore } from '../../chat/hostile/counting-store.ts'
import { expectLinear } from '../../chat/hostile/linear.ts'
import { RoomBuilder } from '../room-builder.ts'
import { effort, patience } from './effort.ts'
import { hostileWrites } from './hostile-writes.ts'
import { roomLogOf, storeOf } from './store-client.ts'

/** Each of `kinds`, `rounds` times over. */
async function cost(kinds: readonly string[], rounds: number): Promise<Readonly<Record<string, number>>> {
  const world = new RoomBuilder('linear work')
  const [ada, mallory, eve] = [await world.user('ada'), await world.user('mallory'), await world.user('eve')]
  await world.create(ada)
  await world.join(ada, mallory)
  await world.rotate(ada)
  const at = { world, ada, mallory, eve }
  for (let round = 0; round < rounds; round += 1) {
    for (const [k, kind] of kinds.entries()) await hostileWrites[kind]?.(at, (round * kinds.length + k) % 17)
  }
  await world.join(ada, eve)
  const [store, home] = [new CountingStore(), new CountingStore()]
  await storeOf(world, store)
  const { start, end } = controlRange(world.roomId)
  await store.commit({ then: [{ kind: 'delete', key: start, end }] })
  const counts = await counted(eve, async (as) => {
    const log = roomLogOf(store, world, as, true, home)
    await log.catchUp()
    await log.replica.flush()
    await log.records(0, world.log.length)
    expect(log.state.checkpoint.next).toBe(world.log.length)
  })
  const { bytesRead } = store
  const { bytesWritten, rowsWritten } = home
  return { ...counts, bytesRead, bytesWritten, rowsWritten }
}

it.each(Object.keys(hostileWrites))(
  'twice as many of one kind of record take at most twice the work: %s',
  async (kind) => {
    const [few, many] = [await cost([kind], 24), await cost([kind], 48)]
    for (const [name, count] of Object.entries(few)) expectLinear(count, many[name] ?? NaN, name)
  },
  patience,
)

it(
  'so it is with any mixture',
  async () => {
    const mixtures = fc.array(fc.constantFrom(...Object.keys(hostileWrites)), { minLength: 2, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(mixtures, async (kinds) => {
        const [few, many] = [await cost(kinds, 10), await cost(kinds, 20)]
        for (const [name, count] of Object.entries(few)) expectLinear(count, many[name] ?? NaN, name)
      }),
      effort(4),
    )
  },
  patience,
)
