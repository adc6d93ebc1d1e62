import { expect } from 'vitest'

/** What twice as much cost: at most twice, and a little more. */
export function expectLinear(few: number, many: number, of = 'cost'): void {
  expect({ of, few, many, ratio: many / few, isLinear: many <= 2.2 * few + 20 }).toEqual({
    of,
    few,
    many,
    ratio: many / few,
    isLinear: true,
  })
}
