/** Time, handed in: milliseconds since the Unix epoch. Times in records are claims of their authors, never rules. */
import { setTimeout } from 'node:timers/promises'

export interface Clock {
  now(): number
  /** Resolves `ms` later. Keeps the process alive unless `ref` is false. @throws AbortError once `signal` aborts */
  sleep(ms: number, options?: SleepOptions): Promise<void>
}

export interface SleepOptions {
  readonly signal?: AbortSignal | undefined
  readonly ref?: boolean
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, options) => setTimeout(ms, undefined, options),
}

/** Does `act` after `ms`, unless the function that it returns is called before. */
export function later(clock: Clock, ms: number, act: () => void, { ref = false } = {}): () => void {
  const cancelled = new AbortController()
  clock.sleep(ms, { signal: cancelled.signal, ref }).then(act, () => undefined)
  return () => cancelled.abort()
}
