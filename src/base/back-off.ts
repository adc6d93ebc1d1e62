/**
 * When to try again: the pause doubles from one failure to the next up to a bound and starts over after a success.
 * Jitter keeps clients that lost the same store from coming back in step.
 */
import { systemClock, type Clock } from './clock.ts'

export interface BackOffOptions {
  readonly firstMs: number
  readonly mostMs: number
  /** In [0, 1). */
  readonly random?: () => number
  readonly clock?: Clock
}

export class BackOff {
  readonly #options: BackOffOptions
  #nextMs: number

  constructor(options: BackOffOptions) {
    this.#options = options
    this.#nextMs = options.firstMs
  }

  /** The pause after one more failure: between half of it and all of it. */
  nextMs(): number {
    const { mostMs, random = Math.random } = this.#options
    const ms = this.#nextMs
    this.#nextMs = Math.min(2 * ms, mostMs)
    return ms / 2 + (random() * ms) / 2
  }

  succeeded(): void {
    this.#nextMs = this.#options.firstMs
  }

  /** Waits out the next pause. Never rejects: ends early on abort. */
  async pause(signal?: AbortSignal): Promise<void> {
    const { clock = systemClock } = this.#options
    await clock.sleep(this.nextMs(), { signal }).catch(() => undefined)
  }
}
