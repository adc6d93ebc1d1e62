/**
 * The thread to the store as a whole: whether it answers again after it was lost, and whether it is still the one that
 * it was. One that moved says so and is never taken for back; one that was restored from an earlier copy is noticed, by
 * its incarnation or because its revisions went back, and whoever uses it looks at what he knows of it again.
 */
import type { Clock } from '../../base/clock.ts'
import { concat, equalBytes, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { storeIdentityCheckMs, retryMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import { incarnationKey } from '../../protocol/paths.ts'
import type { Revision, Store } from '../../store/store.ts'
import { checkNotMoved, readIncarnation, type StoreIdentity } from './store-identity.ts'

export interface StoreMonitorParts {
  readonly store: Store
  readonly random: Random
  readonly clock: Clock
  readonly log: Logger
  /** The store answers. */
  connected(): void
  disconnected(error: unknown): void
  /** It is not where it was: what was read of it may be missing there. */
  restored(): void
}

export class StoreMonitor implements StoreIdentity {
  readonly #parts: StoreMonitorParts
  readonly #closing = new AbortController()
  #incarnation: Promise<Bytes> | undefined
  #following: Promise<void> | undefined
  /** Ends the watch under way, so that the store is asked anew. */
  #watch = new AbortController()
  #over: unknown
  /** The newest that was seen. */
  #revision: Revision = 0

  constructor(parts: StoreMonitorParts) {
    this.#parts = parts
  }

  /** Why the store will not serve this process any more; undefined while it may. */
  get over(): unknown {
    return this.#over
  }

  known(): Promise<Bytes> {
    this.#incarnation ??= readIncarnation(this.#parts.store, this.#parts.random, this.#closing.signal)
    this.#incarnation.catch(() => (this.#incarnation = undefined))
    return this.#incarnation
  }

  found(value: Bytes | undefined): void {
    try {
      if (value !== undefined) checkNotMoved(value)
    } catch (error) {
      this.#over = error
      this.#parts.disconnected(error)
      throw error
    }
    const before = this.#incarnation
    // One that is missing is made anew by whoever asks next.
    this.#incarnation = value === undefined ? undefined : Promise.resolve(value)
    void before?.then(
      (known) => (value === undefined || !equalBytes(known, value)) && this.#restored(),
      () => undefined,
    )
  }

  saw(revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision)
  }

  #restored(): void {
    this.#parts.log.warn('store.restored')
    this.#parts.restored()
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
        if (isConclaveError(error, 'closed')) this.#over = error
        this.#parts.log.warn('store.away', { error: String(error) })
        this.#parts.disconnected(error)
        await this.#parts.clock.sleep(retryMs, { signal }).catch(() => undefined)
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts
    const watch = new AbortController()
    this.#watch = watch
    await this.known()
    const revision = await this.#check(signal)
    this.#parts.connected()
    const watching = AbortSignal.any([signal, watch.signal])
    const checks = this.#checkAgain(watching).catch((error: unknown) => watch.abort(error))
    for await (const { events } of store.watch(incarnationKey, end, { from: revision + 1, signal: watching })) {
      for (const event of events) this.found(event.kind === 'put' ? event.entry.value : undefined)
    }
    await checks
    if (!signal.aborted && watch.signal.reason instanceof ConclaveError) throw watch.signal.reason
  }

  async #check(signal: AbortSignal): Promise<Revision> {
    const before = this.#revision
    const { entries, revision } = await this.#parts.store.range(incarnationKey, end, {}, signal)
    this.found(entries[0]?.value)
    const wentBack = revision < before
    this.#revision = revision
    if (wentBack) this.#restored()
    return revision
  }

  /** A watch of revisions that are yet to come says nothing of a store that was set back. */
  async #checkAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(storeIdentityCheckMs, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      const before = this.#revision
      if ((await this.#check(signal)) < before) this.#watch.abort()
    }
  }
}

const end = concat(incarnationKey, Uint8Array.of(0))
