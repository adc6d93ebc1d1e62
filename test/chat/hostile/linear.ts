import { expect } from 'vitest'

/** What twice as much cost: at most twice, and a little more. */
export function expectLinear(few: number, many: number): void {
  expect({ few, many, ratio: many / few, isLinear: many <= 2.2 * few + 20 }).toMatchObject({ isLinear: true })
}
