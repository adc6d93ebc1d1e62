/** Follows a room's log and its door for as long as one is in, and comes back whenever the store does. */
import type { Clock } from '../../base/clock.ts'
import { retryMs } from '../../base/limits.ts'
import type { RoomChange, Unsubscribe } from '../chat.ts'
import type { Knocks } from '../people/knocks.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface FollowingParts {
  readonly log: RoomLog
  readonly knocks: Knocks
  readonly clock: Clock
  /** Nothing that comes later is for somebody who is no longer in. */
  isOut(): boolean
  isMember(): boolean
  subscribe(listener: (change: RoomChange) => void): Unsubscribe
  /** The log has been read to its end. */
  caughtUp(): void
  lost(error: unknown): void
}

export class Following {
  readonly #parts: FollowingParts
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined
  /** Ends when what is under way is to be begun again. */
  #round = new AbortController()

  constructor(parts: FollowingParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#parts.isOut()) return
    this.#running ??= Promise.all([this.#keep(this.#followLog), this.#keep(this.#followKnocks)]).finally(() => {
      this.#running = undefined
      // Let in again before the end of the earlier membership was through.
      if (this.#parts.isMember() && !this.#closing.signal.aborted) this.start()
    })
  }

  /** The store is not where it was: it is read again. */
  beginAgain(): void {
    const round = this.#round
    this.#round = new AbortController()
    round.abort()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running?.catch(() => undefined)
  }

  readonly #followLog = async (signal: AbortSignal): Promise<void> => {
    await this.#parts.log.follow(signal, () => this.#parts.caughtUp())
  }

  readonly #followKnocks = async (signal: AbortSignal): Promise<void> => {
    const { log, knocks, clock } = this.#parts
    // Only whoever is in can open them.
    if (log.ledger.keyring.all().length > 0) await knocks.follow(signal)
    else await clock.sleep(retryMs, { signal })
  }

  async #keep(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, ended.signal])
    const unsubscribe = this.#parts.subscribe(({ kind }) => {
      if (kind === 'state' && this.#parts.isOut()) ended.abort()
    })
    try {
      await this.#untilAborted(work, signal)
    } finally {
      unsubscribe()
    }
  }

  async #untilAborted(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const round = this.#round.signal
      try {
        await work(AbortSignal.any([signal, round]))
      } catch (error) {
        if (signal.aborted) return
        if (round.aborted) continue
        this.#parts.lost(error)
        await this.#parts.clock.sleep(retryMs, { signal }).catch(() => undefined)
      }
    }
  }
}
