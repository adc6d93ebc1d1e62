/** Randomness from a seed, so that a test that fails can be run again. Not for keys that protect anything. */
import { createHash } from 'node:crypto'
import type { Bytes } from '../../src/base/bytes.ts'
import type { Random } from '../../src/crypto/random.ts'

export interface Dice {
  readonly random: Random
  /** An integer from 0 to below `end`. */
  below(end: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

export function diceFrom(seed: string | number): Dice {
  let block = 0
  let buffer = Buffer.alloc(0)
  const random: Random = (length) => {
    while (buffer.length < length) {
      const next = createHash('sha256').update(`${seed}/${block}`).digest()
      buffer = Buffer.concat([buffer, next])
      block += 1
    }
    const bytes: Bytes = new Uint8Array(buffer.subarray(0, length))
    buffer = buffer.subarray(length)
    return bytes
  }
  const below = (end: number) => Buffer.from(random(6)).readUIntBE(0, 6) % end
  return {
    random,
    below,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('nothing to pick from')
      return items[below(items.length)] as (typeof items)[number]
    },
    chance: (probability) => below(1_000_000) < probability * 1_000_000,
  }
}
