/**
 * Reading costs what is read: whatever hostile members write, twice as much of it takes at most twice the work. Work is
 * counted (signatures, wraps, ciphertexts, derivations, hashes, bytes and rows), never timed.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Content } from '../../../src/protocol/content.ts'
import { epochKeys, sealLink } from '../../../src/protocol/epoch.ts'
import { controlRange } from '../../../src/protocol/paths.ts'
import { counted } from '../../chat/hostile/counted.ts'
import { CountingStore } from '../../chat/hostile/counting-store.ts'
import { expectLinear } from '../../chat/hostile/linear.ts'
import { RoomBuilder, type User } from '../room-builder.ts'
import { effort, patience } from './effort.ts'
import { roomLogOf, storeOf } from './store-client.ts'

interface Scene {
  readonly world: RoomBuilder
  readonly ada: User
  readonly mallory: User
  readonly eve: User
  /** Of messages so far. */
  said: number
}

type Write = (at: Scene, x: number) => Promise<unknown>

const text = { type: 'text', text: 'x' } as const

/** What a hostile member, or an admin, repeats. `x` is small and differs from one to the next. */
const writes: Readonly<Record<string, Write>> = {
  say: async ({ world, ada }) => world.post(ada, text),
  gap: async ({ world, mallory }, x) => {
    mallory.counter += x * 300
    return world.post(mallory, text)
  },
  newDevice: async ({ world, mallory }) => {
    const device = world.dice.random(8)
    return world.append(world.message(mallory, { device, counter: 0, contents: [text] }))
  },
  change: async ({ world, mallory }, x) => {
    const to = world.dice.random(16)
    const kinds: readonly Content[] = [
      { type: 'react', to, emoji: `:${x}:`, on: true },
      { type: 'edit', to, text: 'y' },
      { type: 'delete', to },
      { type: 'reply', to, text: 'z' },
    ]
    return world.post(mallory, kinds[x % 4] as Content)
  },
  voidMessage: async ({ world, mallory }) => {
    return world.append(world.message(mallory, { contents: [text], head: world.dice.random(32) }))
  },
  junk: async ({ world }, x) => world.append(world.dice.random(20 + x)),
  topic: ({ world, mallory }, x) => world.topic(mallory, `${x}`),
  inventedEpoch: ({ world, mallory }, x) => {
    const { random } = world.dice
    const source = world.keysOf(world.room.openings.size > 1 ? 1 : 0)
    const stray = epochKeys(world.roomId, 0, random(32), random(32))
    const links = [sealLink(world.roomId, source, stray, random), sealLink(world.roomId, source, stray, random)]
    const header = { epoch: x % 3, n: 500 + x, previousHead: random(32), links }
    return world.forged(mallory, { type: 'rotate' }, { header })
  },
  entry: ({ world, mallory, eve }, x) => {
    const header = { n: 500 + x, previousHead: world.dice.random(32) }
    return world.forged(mallory, { type: 'accept', knock: world.knock(eve) }, { header })
  },
  oldKnock: ({ world, mallory, eve }) => {
    const knock = world.knock(eve, { head: world.dice.random(32) })
    return world.forged(mallory, { type: 'accept', knock })
  },
  staleRecovery: ({ world, mallory }) => {
    return world.forged(mallory, { type: 'rotate' }, { under: world.keysOf(0), header: { n: 1, epoch: 1 } })
  },
  rotate: ({ world, ada }) => world.rotate(ada),
  badLink: async ({ world, ada }) => {
    const { keys } = await world.forged(ada, { type: 'rotate' }, { badLink: true, wrapFor: [ada] })
    world.learn(keys)
    return world.repair(ada, world.room.epoch)
  },
  recover: async ({ world, ada }) => {
    await world.forged(ada, { type: 'rotate' }, { wrapFor: [] })
    return world.recover(ada, { type: 'rotate' })
  },
  repair: async ({ world, mallory }) => {
    const opening = world.room.openings.get(world.room.epoch)
    if (opening !== undefined && opening.under !== opening.epoch) await world.repair(mallory, opening.epoch)
  },
  rank: ({ world, ada, mallory }) => {
    const isAdmin = world.room.members.get(Buffer.from(mallory.signer.publicKey).toString('hex'))?.admin
    return isAdmin ? world.demote(ada, mallory) : world.promote(ada, mallory)
  },
}

/** Each of `kinds`, `rounds` times over. */
async function cost(kinds: readonly string[], rounds: number): Promise<Readonly<Record<string, number>>> {
  const world = new RoomBuilder('linear work')
  const [ada, mallory, eve] = [await world.user('ada'), await world.user('mallory'), await world.user('eve')]
  await world.create(ada)
  await world.join(ada, mallory)
  await world.rotate(ada)
  const at: Scene = { world, ada, mallory, eve, said: 0 }
  for (let round = 0; round < rounds; round += 1) {
    for (const [k, kind] of kinds.entries()) await writes[kind]?.(at, (round * kinds.length + k) % 17)
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

it.each(Object.keys(writes))(
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
    const mixtures = fc.array(fc.constantFrom(...Object.keys(writes)), { minLength: 2, maxLength: 6 })
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
