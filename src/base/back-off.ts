/**
 * When to try again: the pause doubles from one failure to the next up to a bound and starts over after a success.
 * Jitter keeps clients that lost the same store from coming back in step.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface BackOffOptions {
  readonly firstMs: number
  readonly mostMs: number
  /** In [0, 1). */
  readonly random?: () => number
  /** Resolves after this many milliseconds, or when the signal is aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
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
  async pause(signal: AbortSignal): Promise<void> {
    await (this.#options.wait ?? waitOrAbort)(this.nextMs(), signal)
  }
}

async function waitOrAbort(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
