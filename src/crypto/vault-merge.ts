/**
 * Two copies of one person's vault brought together: nothing that either knew is lost, as far as a vault holds it.
 *
 * Commutative, associative but for the order of old keys, idempotent. Heads: the greater n. Keys and secrets: the union.
 * Pins: the union, so that two keys pinned under one name both stay. Heads say how far a copy is, and nothing about forks
 * (docs/adr/0027).
 */
import type { Bytes } from '../base/bytes.ts'
import { compareBytes, hex } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { skeleton } from './skeleton.ts'
import { fitVault } from './vault-bounds.ts'
import { roomValue, type Pin, type VaultBody, type VaultRoom } from './vault-body.ts'

export function mergeVaultBodies(a: VaultBody, b: VaultBody): VaultBody {
  const [newer, older] = compareKeys(a, b) >= 0 ? [a, b] : [b, a]
  const roots = union([newer.rootSeed, ...newer.formerRootSeeds], [older.rootSeed, ...older.formerRootSeeds])
  return fitVault({
    rootSeed: newer.rootSeed,
    formerRootSeeds: roots.slice(1),
    wrapSeeds: union(newer.wrapSeeds, older.wrapSeeds),
    generation: newer.generation,
    rooms: joined(a.rooms, b.rooms, (room) => hex(room.roomId), newerRoom),
    pins: joined(a.pins, b.pins, pinIdentity, mergePins),
    secrets: joined(
      a.secrets,
      b.secrets,
      ({ roomId, epoch, secret }) => `${hex(roomId)} ${epoch} ${hex(secret)}`,
      (secret) => secret,
    ),
  })
}

/** By generation; within one, by the keys' bytes, so that both sides of a merge choose alike. */
function compareKeys(a: VaultBody, b: VaultBody): number {
  if (a.generation !== b.generation) return a.generation - b.generation
  const byWraps = compareBytes(encode(a.wrapSeeds), encode(b.wrapSeeds))
  if (byWraps !== 0) return byWraps
  return compareBytes(encode([...a.formerRootSeeds, a.rootSeed]), encode([...b.formerRootSeeds, b.rootSeed]))
}

function union(first: readonly Bytes[], second: readonly Bytes[]): Bytes[] {
  const seeds = new Map([...first, ...second].map((seed) => [hex(seed), seed]))
  return [...seeds.values()]
}

function joined<T>(a: readonly T[], b: readonly T[], identity: (item: T) => string, join: (a: T, b: T) => T): T[] {
  const items = new Map<string, T>()
  for (const item of [...a, ...b]) {
    const key = identity(item)
    const known = items.get(key)
    items.set(key, known === undefined ? item : join(known, item))
  }
  return [...items.keys()].sort().map((key) => items.get(key) as T)
}

/** A room's standing follows from its chain, so the copy that saw more of the chain is right in all of it. */
function newerRoom(a: VaultRoom, b: VaultRoom): VaultRoom {
  const byHead = (a.head?.n ?? -1) - (b.head?.n ?? -1)
  if (byHead !== 0) return byHead > 0 ? a : b
  return compareBytes(encode(roomValue(a)), encode(roomValue(b))) >= 0 ? a : b
}

function pinIdentity({ name, rootKey }: Pin): string {
  return `${skeleton(name)} ${hex(rootKey)}`
}

function mergePins(a: Pin, b: Pin): Pin {
  const decision =
    a.decidedAt === b.decidedAt
      ? { confirmed: a.confirmed && b.confirmed, retired: a.retired || b.retired, decidedAt: a.decidedAt }
      : a.decidedAt > b.decidedAt
        ? { confirmed: a.confirmed, retired: a.retired, decidedAt: a.decidedAt }
        : { confirmed: b.confirmed, retired: b.retired, decidedAt: b.decidedAt }
  return {
    rootKey: a.rootKey,
    name: a.name < b.name ? a.name : b.name,
    firstSeenAt: Math.min(a.firstSeenAt, b.firstSeenAt),
    ...decision,
  }
}
