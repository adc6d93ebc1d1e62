/**
 * Whether the member behind a stream still answers. A hung member keeps its connections open, and gRPC pings more than
 * once in five seconds make the server hang up, so the member is asked for its status once a second. A progress request
 * would not do: since etcd 3.5.13 none is answered while a watch waits for a future revision.
 */
import type { Endpoint } from './endpoint.ts'
import { Refusal } from './failure.ts'
import type { EtcdTimeouts } from './options.ts'

/** For a member that was slow to answer while the network was in trouble. */
const patienceMsMax = 10_000
/** An answer may take this many times as long as the previous one. */
const patienceFactor = 4

/** How long to wait for an answer: longer after each failure, and adapted to the measured time after each answer. */
export class Patience {
  readonly #leastMs: number
  ms: number

  constructor(leastMs: number) {
    this.#leastMs = leastMs
    this.ms = leastMs
  }

  answered(tookMs: number): void {
    this.ms = Math.min(Math.max(this.#leastMs, patienceFactor * tookMs), patienceMsMax)
  }

  failed(): void {
    this.ms = Math.min(2 * this.ms, patienceMsMax)
  }
}

export interface HeartbeatParts {
  readonly endpoint: Endpoint
  readonly patience: Patience
  readonly timeouts: Pick<EtcdTimeouts, 'heartbeatMs'>
  /** The member has answered. */
  answered(): void
  /** It has not, within the time allowed. */
  silent(): void
}

export class Heartbeat {
  readonly #parts: HeartbeatParts
  #timer: NodeJS.Timeout | undefined
  #heardAt = 0
  #asking = false
  #stopped = false

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
    this.#askLater()
  }

  /** Something has arrived from the member. */
  heard(): void {
    this.#heardAt = performance.now()
  }

  /** Asks at once: the member is in doubt. */
  doubt(): void {
    clearTimeout(this.#timer)
    void this.#ask()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #askLater(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#ask(), this.#parts.timeouts.heartbeatMs)
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.#stopped) return
    this.#asking = true
    const { endpoint, patience } = this.#parts
    const askedAt = performance.now()
    const givenMs = patience.ms
    const answered = await endpoint.status(givenMs).then(
      () => true,
      // A member that may not show its status has answered all the same.
      (error: unknown) => error instanceof Refusal,
    )
    const tookMs = performance.now() - askedAt
    this.#asking = false
    if (this.#stopped) return
    if (answered) {
      patience.answered(tookMs)
      this.#parts.answered()
    } else if (this.#heardAt < askedAt && tookMs < 2 * givenMs) {
      return this.#parts.silent()
    }
    // Otherwise events arrived in the meantime, or this process was suspended itself: no verdict.
    this.#askLater()
  }
}
