/**
 * The one owner of the connection to the store: it alone knows whether the store is reachable, and reconnects; every
 * other failed operation waits for it (`Retry`). It also knows whether the store is still the same one: a rollback to
 * an older snapshot shows in its incarnation, or in revisions that went back.
 */
import { BackOff } from '../../base/back-off.ts'
import { concat, equalBytes, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { isConclaveError } from '../../base/errors.ts'
import { retryMs, retryMsMax, storeIdentityCheckMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import { incarnationKey } from '../../protocol/paths.ts'
import type { Revision, Store } from '../../store/store.ts'
import { nextState, type ConnectionEvent, type ConnectionState } from './connection-state.ts'
import { checkNotMoved, readIncarnation, StoreMoved, type StoreIdentity } from './store-identity.ts'

export interface StoreConnectionParts {
  readonly store: Store
  readonly random: Random
  readonly clock: Clock
  readonly log: Logger
  changed(state: ConnectionState, before: ConnectionState): void
  /** The store was rolled back: what was read from it may be missing there. */
  restored(): void
}

export class StoreConnection implements StoreIdentity {
  readonly #parts: StoreConnectionParts
  readonly #closing = new AbortController()
  readonly #backOff: BackOff
  readonly #waiting = new Set<() => void>()
  #state: ConnectionState = { kind: 'connecting' }
  #incarnation: Promise<Bytes> | undefined
  #following: Promise<void> | undefined
  /** Ends the current watch, so that the store is checked again. */
  #watch = new AbortController()
  /** The newest seen. */
  #revision: Revision = 0

  constructor(parts: StoreConnectionParts) {
    this.#parts = parts
    this.#backOff = new BackOff({ firstMs: retryMs, mostMs: retryMsMax, clock: parts.clock })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The store has answered a call. */
  answered(): void {
    this.#take({ kind: 'answered' })
  }

  /** A call about the store as a whole failed: it is offline until it has been checked. */
  failed(error: unknown): void {
    this.#take({ kind: 'failed', error })
    this.#watch.abort()
  }

  /** A room's call failed: check whether the store is to blame. */
  doubted(error: unknown): void {
    this.#take({ kind: 'doubted', error })
    this.#watch.abort()
  }

  /** Resolves once the store is online (at once if it is), or on abort. */
  async whenOnline(signal: AbortSignal): Promise<void> {
    this.start()
    if (this.#state.kind === 'online' || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const aborted = (): void => resolve()
    this.#waiting.add(resolve)
    signal.addEventListener('abort', aborted)
    await promise
    signal.removeEventListener('abort', aborted)
    this.#waiting.delete(resolve)
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
      this.#take({ kind: 'moved', error })
      throw error
    }
    const before = this.#incarnation
    // A missing one is created by the next call that asks for it.
    this.#incarnation = value === undefined ? undefined : Promise.resolve(value)
    void before?.then(
      (known) => (value === undefined || !equalBytes(known, value)) && this.#restored(),
      () => undefined,
    )
  }

  saw(revision: Revision): void {
    this.#revision = Math.max(this.#revision, revision)
  }

  start(): void {
    this.#following ??= this.#follow()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  #take(event: ConnectionEvent): void {
    const before = this.#state
    this.#state = nextState(before, event)
    if (this.#state === before) return
    if (this.#state.kind === 'online') for (const resolve of this.#waiting) resolve()
    this.#parts.changed(this.#state, before)
  }

  #restored(): void {
    this.#parts.log.warn('store.restored')
    this.#parts.restored()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    let logged = ''
    while (!signal.aborted && this.#state.kind !== 'moved') {
      try {
        await this.#look(signal, () => (logged = ''))
      } catch (error) {
        if (signal.aborted) return
        if (String(error) !== logged) this.#parts.log.warn('store.unreachable', { error: String(error) })
        logged = String(error)
        this.#take({ kind: error instanceof StoreMoved ? 'moved' : 'failed', error })
        // Our own handle on it was closed.
        if (isConclaveError(error, 'closed')) return
        await this.#backOff.pause(signal)
      }
    }
  }

  async #look(signal: AbortSignal, online: () => void): Promise<void> {
    const { store } = this.#parts
    const watch = new AbortController()
    this.#watch = watch
    await this.known()
    const revision = await this.#check(signal)
    online()
    this.#backOff.succeeded()
    this.answered()
    const watching = AbortSignal.any([signal, watch.signal])
    const checks = this.#checkAgain(watching).catch((error: unknown) => watch.abort(error))
    for await (const { events } of store.watch(incarnationKey, end, { from: revision + 1, signal: watching })) {
      for (const event of events) this.found(event.kind === 'put' ? event.entry.value : undefined)
    }
    await checks
    if (!signal.aborted && isConclaveError(watch.signal.reason)) throw watch.signal.reason
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

  /** A watch of future revisions doesn't notice a rollback. */
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
