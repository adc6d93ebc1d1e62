/** Time, handed in: milliseconds since the Unix epoch. Times in records are claims of their authors, never rules. */

export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
