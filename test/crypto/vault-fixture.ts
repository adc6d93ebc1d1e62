/** Vault bodies for tests, fixed and arbitrary. */
import fc from 'fast-check'
import type { Bytes } from '../../src/base/bytes.ts'
import { vaultStandings, type VaultBody } from '../../src/crypto/vault-body.ts'

export function filled(length: number, byte: number): Bytes {
  return new Uint8Array(length).fill(byte)
}

export function smallBody(marker = 1): VaultBody {
  return {
    rootSeed: filled(32, marker),
    formerRootSeeds: [],
    wrapSeeds: [filled(32, marker + 1)],
    generation: 0,
    rooms: [],
    pins: [],
    secrets: [],
  }
}

export function fullBody(): VaultBody {
  const rooms = [
    { roomId: filled(32, 9), name: 'demo', memberIndex: 3, knockHash: null, standing: 'member' as const },
    { roomId: filled(32, 8), name: 'ops', memberIndex: null, knockHash: filled(32, 7), standing: 'waiting' as const },
  ]
  return {
    rootSeed: filled(32, 1),
    formerRootSeeds: [filled(32, 2)],
    wrapSeeds: [filled(32, 3), filled(32, 4)],
    generation: 1,
    rooms: [
      { ...rooms[1]!, head: null },
      { ...rooms[0]!, head: { n: 12, hash: filled(32, 10) } },
    ],
    pins: [
      { rootKey: filled(32, 11), name: 'bob', firstSeenAt: 1000, confirmed: true, retired: false, decidedAt: 1500 },
      { rootKey: filled(32, 12), name: 'Ada', firstSeenAt: 2000, confirmed: false, retired: false, decidedAt: 0 },
    ],
    secrets: [{ roomId: filled(32, 9), epoch: 4, secret: filled(32, 13) }],
  }
}

// Few distinct values, so that two arbitrary bodies meet in the same rooms, names and keys.
const few32 = fc.integer({ min: 0, max: 3 }).map((byte) => filled(32, byte))
const few = fc.integer({ min: 0, max: 3 })
const names = fc.constantFrom('bob', 'B0b', 'ada', 'carol')

const distinct = <T>(item: fc.Arbitrary<T>, identity: (item: T) => unknown): fc.Arbitrary<T[]> =>
  fc.uniqueArray(item, { maxLength: 4, selector: (value) => JSON.stringify(identity(value)) })

export const anyBody: fc.Arbitrary<VaultBody> = fc
  .record({
    roots: fc.uniqueArray(few, { minLength: 1, maxLength: 4 }),
    wraps: fc.uniqueArray(few, { minLength: 1, maxLength: 4 }),
    generation: few,
    rooms: distinct(
      fc.record({
        roomId: few32,
        name: names,
        memberIndex: fc.option(few),
        knockHash: fc.option(few32),
        standing: fc.constantFrom(...vaultStandings),
        head: fc.option(fc.record({ n: few, hash: few32 })),
      }),
      (room) => [...room.roomId],
    ),
    pins: distinct(
      fc.record({
        rootKey: few32,
        name: names,
        firstSeenAt: few,
        confirmed: fc.boolean(),
        retired: fc.boolean(),
        decidedAt: few,
      }),
      (pin) => [pin.name.toLowerCase().replace('0', 'o'), [...pin.rootKey]],
    ),
    secrets: distinct(fc.record({ roomId: few32, epoch: few, secret: few32 }), (item) => [
      [...item.roomId],
      item.epoch,
      [...item.secret],
    ]),
  })
  .map(({ roots, wraps, ...rest }) => {
    const [rootSeed, ...formerRootSeeds] = roots.map((byte) => filled(32, byte))
    return { ...rest, rootSeed: rootSeed!, formerRootSeeds, wrapSeeds: wraps.map((byte) => filled(32, byte)) }
  })
