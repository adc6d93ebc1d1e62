/** What hostile members and admins write, again and again: void and valid records of every type. */
import { hex } from '../../../src/base/bytes.ts'
import type { Content } from '../../../src/protocol/content.ts'
import { epochKeys, sealLink } from '../../../src/protocol/epoch.ts'
import type { RoomBuilder, User } from '../room-builder.ts'

export interface Scene {
  readonly world: RoomBuilder
  readonly ada: User
  readonly mallory: User
  readonly eve: User
}

type Write = (at: Scene, x: number) => Promise<unknown>

const text = { type: 'text', text: 'x' } as const

/** What a hostile member, or an admin, repeats. `x` is small and differs from one to the next. */
export const hostileWrites: Readonly<Record<string, Write>> = {
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
  recover: async ({ world, ada, mallory }) => {
    await world.forged(ada, { type: 'rotate' }, { wrapFor: [] })
    // The author of an epoch can recover it only as the one admin that there is.
    return world.recover(isAdmin(world, mallory) ? mallory : ada, { type: 'rotate' })
  },
  repair: async ({ world, mallory }) => {
    const opening = world.room.openings.get(world.room.epoch)
    if (opening !== undefined && opening.under !== opening.epoch) await world.repair(mallory, opening.epoch)
  },
  rank: ({ world, ada, mallory }) =>
    isAdmin(world, mallory) ? world.demote(ada, mallory) : world.promote(ada, mallory),
}

function isAdmin(world: RoomBuilder, { signer }: User): boolean {
  return world.room.members.get(hex(signer.publicKey))?.admin === true
}
