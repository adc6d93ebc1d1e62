import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hex } from '../../src/base/bytes.ts'
import { encodeVaultBody, type Pin, type VaultBody } from '../../src/crypto/vault-body.ts'
import { mergeVaultBodies } from '../../src/crypto/vault-merge.ts'
import { anyBody, filled, smallBody } from './vault-fixture.ts'

function same(a: VaultBody, b: VaultBody): void {
  expect(hex(encodeVaultBody(a))).toBe(hex(encodeVaultBody(b)))
}

const seedsOf = (body: VaultBody): string[] => [body.rootSeed, ...body.formerRootSeeds].map(hex).sort()
const wrapsOf = (body: VaultBody): string[] => body.wrapSeeds.map(hex).sort()

describe('merging two copies of a vault', () => {
  it('is the same from both sides', () => {
    fc.assert(
      fc.property(anyBody, anyBody, (a, b) => {
        same(mergeVaultBodies(a, b), mergeVaultBodies(b, a))
      }),
    )
  })

  it('changes nothing when repeated', () => {
    fc.assert(
      fc.property(anyBody, anyBody, (a, b) => {
        const merged = mergeVaultBodies(a, b)
        same(mergeVaultBodies(a, a), a)
        same(mergeVaultBodies(merged, a), merged)
        same(mergeVaultBodies(merged, b), merged)
      }),
    )
  })

  it('loses no key, room, pin or secret, and sets no head back', () => {
    fc.assert(
      fc.property(anyBody, anyBody, (a, b) => {
        const merged = mergeVaultBodies(a, b)
        for (const side of [a, b]) {
          expect(seedsOf(merged)).toEqual(expect.arrayContaining(seedsOf(side)))
          expect(wrapsOf(merged)).toEqual(expect.arrayContaining(wrapsOf(side)))
          expect(merged.secrets).toEqual(expect.arrayContaining([...side.secrets]))
          for (const room of side.rooms) {
            const kept = merged.rooms.find(({ roomId }) => hex(roomId) === hex(room.roomId))!
            expect(kept.head?.n ?? -1).toBeGreaterThanOrEqual(room.head?.n ?? -1)
          }
          for (const pin of side.pins) expect(merged.pins.map((kept) => hex(kept.rootKey))).toContain(hex(pin.rootKey))
        }
      }),
    )
  })

  it('comes to the same rooms, pins and secrets in whatever order three copies meet', () => {
    fc.assert(
      fc.property(anyBody, anyBody, anyBody, (a, b, c) => {
        const left = mergeVaultBodies(mergeVaultBodies(a, b), c)
        const right = mergeVaultBodies(a, mergeVaultBodies(b, c))
        same({ ...left, ...keysOf(smallBody()) }, { ...right, ...keysOf(smallBody()) })
        expect(seedsOf(left)).toEqual(seedsOf(right))
        expect(wrapsOf(left)).toEqual(wrapsOf(right))
      }),
    )
  })

  it('takes the keys in force from the later generation, and keeps the others behind them', () => {
    const old = { ...smallBody(1), generation: 1 }
    const renewed = { ...smallBody(5), generation: 2 }
    expect(mergeVaultBodies(old, renewed)).toMatchObject({
      rootSeed: renewed.rootSeed,
      formerRootSeeds: [old.rootSeed],
      wrapSeeds: [renewed.wrapSeeds[0], old.wrapSeeds[0]],
      generation: 2,
    })
  })
})

describe('pins that contradict each other', () => {
  const pin = (key: number, name: string, more: Partial<Pin> = {}): Pin => ({
    rootKey: filled(32, key),
    name,
    firstSeenAt: 10,
    confirmed: false,
    retired: false,
    decidedAt: 0,
    ...more,
  })
  const withPins = (...pins: Pin[]): VaultBody => ({ ...smallBody(), pins })

  it('are both kept, even when only look-alikes share the key’s name', () => {
    const merged = mergeVaultBodies(withPins(pin(1, 'bob')), withPins(pin(2, 'B0b'), pin(3, 'ada')))
    expect(merged.pins.map(({ name }) => name).sort()).toEqual(['B0b', 'ada', 'bob'])
    expect(merged.pins.filter(({ retired }) => retired)).toEqual([])
  })

  it('do not come back from an older copy once the person has decided', () => {
    const decided = withPins(
      pin(1, 'bob', { retired: true, decidedAt: 20 }),
      pin(2, 'bob', { confirmed: true, decidedAt: 20 }),
    )
    const merged = mergeVaultBodies(decided, withPins(pin(1, 'bob', { confirmed: true, decidedAt: 15 })))
    const standing = merged.pins.map(({ rootKey, retired, confirmed }) => ({ key: rootKey[0], retired, confirmed }))
    expect(standing.sort((a, b) => (a.key ?? 0) - (b.key ?? 0))).toEqual([
      { key: 1, retired: true, confirmed: false },
      { key: 2, retired: false, confirmed: true },
    ])
  })

  it('keep the time of first sight', () => {
    const merged = mergeVaultBodies(withPins(pin(1, 'bob')), withPins(pin(1, 'bob', { firstSeenAt: 5 })))
    expect(merged.pins).toMatchObject([{ firstSeenAt: 5 }])
  })
})

function keysOf({ rootSeed, formerRootSeeds, wrapSeeds }: VaultBody): Partial<VaultBody> {
  return { rootSeed, formerRootSeeds, wrapSeeds }
}
