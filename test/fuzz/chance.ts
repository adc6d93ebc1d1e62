/** Fast chance from a seed, for millions of inputs. Every input has a seed of its own, so that it can be made again alone. */

export interface Chance {
  /** An integer from 0 to below `end`. */
  below(end: number): number
  pick<T>(items: readonly T[]): T
  oneIn(count: number): boolean
  bytes(length: number): Uint8Array<ArrayBuffer>
}

/** splitmix32 over an FNV-1a hash of the seed. */
export function chanceFrom(seed: string): Chance {
  let state = 0x811c9dc5
  for (let at = 0; at < seed.length; at += 1) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193)
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const below = (end: number): number => next() % end
  return {
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    oneIn: (count) => below(count) === 0,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}
