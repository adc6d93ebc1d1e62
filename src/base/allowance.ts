import type { Clock } from './clock.ts'

export const minuteMs = 60_000

/** What may be done so many times a minute; unused, it does not add up. */
export class Allowance {
  readonly #clock: Clock
  readonly #perMinute: number
  #left: number
  #renewedAt: number

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMinute = perMinute
    this.#left = perMinute
    this.#renewedAt = clock.now()
  }

  /** @returns how many of those that are wanted may be done now */
  take(wanted = 1): number {
    const elapsedMs = this.#clock.now() - this.#renewedAt
    // Also where the clock was set back.
    if (elapsedMs >= minuteMs || elapsedMs < 0) {
      this.#left = this.#perMinute
      this.#renewedAt += elapsedMs
    }
    const granted = Math.min(wanted, this.#left)
    this.#left -= granted
    return granted
  }
}
