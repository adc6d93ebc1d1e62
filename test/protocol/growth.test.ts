/** What a room costs as it grows. Counted, not timed: ten times the changes may cost about ten times as much, not a hundred. */
import { describe, expect, it } from 'vitest'
import { foldChain } from '../../src/protocol/chain.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import type { EpochOpening } from '../../src/protocol/epoch.ts'
import type { Room } from '../../src/protocol/room.ts'
import { expectValid } from './expect-verdict.ts'
import { RoomBuilder, type User } from './room-builder.ts'

type Change = (world: RoomBuilder, k: number, ada: User, bob: User) => Promise<unknown>

async function grown(changes: number, change: Change): Promise<{ world: RoomBuilder; rooms: readonly Room[] }> {
  const world = new RoomBuilder('growth')
  const [ada, bob] = [await world.user('ada'), await world.user('bob')]
  await world.create(ada)
  await world.join(ada, bob)
  const rooms: Room[] = []
  for (let k = 0; k < changes; k += 1) {
    await change(world, k, ada, bob)
    rooms.push(world.room)
  }
  return { world, rooms }
}

/** The fields and items of everything that is reachable, what is shared counted once. */
function cells(root: object): number {
  const known = new Set<object>([root])
  const open = [root]
  let count = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (ArrayBuffer.isView(next)) continue
    for (const value of Object.values(next)) {
      count += 1
      if (typeof value !== 'object' || value === null || known.has(value as object)) continue
      known.add(value as object)
      open.push(value as object)
    }
  }
  return count
}

const changes: Readonly<Record<string, Change>> = {
  topics: (world, k, ada) => world.topic(ada, `topic ${k}`),
  'changes of rank': (world, k, ada, bob) => (k % 2 === 0 ? world.promote(ada, bob) : world.demote(ada, bob)),
  // Not by composing them: their wraps are no part of the room, and take a millisecond each.
  epochs: async (world, _, ada) => {
    const { bytes, keys } = await world.forge(ada, { type: 'rotate' })
    world.keyring.add(keys)
    await expectValid(world.append(bytes))
  },
}

describe('a room that changes n times', () => {
  it.each(Object.entries(changes))('shares what its versions have in common: %s', async (_, change) => {
    const [few, many] = [await grown(30, change), await grown(300, change)]
    expect(many.world.controls.length).toBeGreaterThan(300)
    expect(cells(many.rooms) / cells(few.rooms)).toBeLessThan(15)
  })

  it('is folded once, however often an admin led out of an epoch', async () => {
    const ledOut: Change = async (world, k, ada) => {
      await world.rotate(ada)
      const base = world.room
      await world.topic(ada, `undone ${k}`)
      await expectValid(world.recover(ada, { type: 'rotate' }, base))
    }
    const { world } = await grown(12, ledOut)
    const keyring = new CountingKeyring()
    for (const keys of world.keyring.all()) keyring.add(keys)
    const { room } = foldChain(world.roomId, world.controls, keyring)
    expect(room?.marks.last()).toEqual(world.room.marks.last())
    expect(keyring.asked).toBeLessThan(4 * world.controls.length)
  })
})

class CountingKeyring extends Keyring {
  asked = 0

  override get(opening: EpochOpening | undefined) {
    this.asked += 1
    return super.get(opening)
  }
}
