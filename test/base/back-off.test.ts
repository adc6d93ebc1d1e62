import { expect, test } from 'vitest'
import { BackOff } from '../../src/base/back-off.ts'

test('pauses double up to the bound, with jitter of half, and start over after a success', () => {
  for (const [random, share] of [
    [0, 0.5],
    [0.5, 0.75],
  ] as const) {
    const backOff = new BackOff({ firstMs: 100, mostMs: 1000, random: () => random })
    const pauses = Array.from({ length: 6 }, () => backOff.nextMs())
    expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000].map((ms) => ms * share))
    backOff.succeeded()
    expect(backOff.nextMs()).toBe(100 * share)
  }
})

test('a pause ends early on abort, and does not reject', async () => {
  const aborted = new AbortController()
  const pause = new BackOff({ firstMs: 60_000, mostMs: 60_000 }).pause(aborted.signal)
  aborted.abort()
  await pause
})
