/**
 * The thread to the store as a whole: whether it answers again after it was lost, and whether it is still the one that
 * it was. A store that is moved or replaced while somebody uses it says so to him, and is never taken for back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { concat, type Bytes } from '../base/bytes.ts'
import { isConclaveError } from '../base/errors.ts'
import { retryMs } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Random } from '../crypto/random.ts'
import { incarnationKey } from '../protocol/paths.ts'
import type { Store } from '../store/store.ts'
import { checkLife, readIncarnation, type Life } from './incarnation.ts'

export interface LifeLineParts {
  readonly store: Store
  readonly random: Random
  readonly log: Logger
  /** The store answers. */
  connected(): void
  disconnected(error: unknown): void
}

export class LifeLine {
  readonly #parts: LifeLineParts
  readonly #closing = new AbortController()
  #incarnation: Promise<Bytes> | undefined
  #following: Promise<void> | undefined
  /** Ends the watch under way, so that the store is asked anew. */
  #watch = new AbortController()
  #over: unknown

  constructor(parts: LifeLineParts) {
    this.#parts = parts
  }

  /** Why the store will not serve this process any more; undefined while it may. */
  get over(): unknown {
    return this.#over
  }

  readonly known: Life = () => {
    this.#incarnation ??= readIncarnation(this.#parts.store, this.#parts.random, this.#closing.signal)
    this.#incarnation.catch(() => (this.#incarnation = undefined))
    return this.#incarnation
  }

  start(): void {
    this.#following ??= this.#follow()
  }

  /** Somebody found the store away: says when it is back. */
  lost(): void {
    this.#watch.abort()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted && this.#over === undefined) {
      try {
        await this.#look(signal)
      } catch (error) {
        if (signal.aborted) return
        // Another store under the same address stays another one.
        if (isConclaveError(error, 'closed') || isConclaveError(error, 'tampering')) this.#over = error
        this.#parts.log.warn('store.away', { error: String(error) })
        this.#parts.disconnected(error)
        await sleep(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts
    const watch = new AbortController()
    this.#watch = watch
    const known = await this.known()
    const end = concat(incarnationKey, Uint8Array.of(0))
    const { entries, revision } = await store.range(incarnationKey, end, {}, signal)
    checkLife(known, entries[0]?.value)
    this.#parts.connected()
    const watching = AbortSignal.any([signal, watch.signal])
    for await (const { events } of store.watch(incarnationKey, end, { from: revision + 1, signal: watching })) {
      for (const event of events) checkLife(known, event.kind === 'put' ? event.entry.value : undefined)
    }
  }
}
