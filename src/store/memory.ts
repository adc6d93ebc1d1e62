/**
 * The in-memory store, for tests and for trying Conclave out. Nothing outlives the process. Several handles may share
 * the same data (`another()`), as several processes share the other stores.
 */
import { ConclaveError } from '../base/errors.ts'
import { withoutValue } from './apply.ts'
import { checkFrom, checkRange, checkSpan, checkTransaction, checkTtl } from './check.ts'
import { watchIterable } from './watchers.ts'
import { MemoryData } from './memory-data.ts'
import type {
  CommitResult,
  Lease,
  LeaseId,
  RangeOptions,
  RangeResult,
  Revision,
  Store,
  StoreCapabilities,
  Transaction,
  WatchBatch,
  WatchOptions,
} from './store.ts'

let leases = 0

export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities = { durable: false, multiProcess: false }
  readonly #data: MemoryData
  readonly #closing = new AbortController()
  /** The leases that this handle keeps alive, with their time to live. */
  readonly #kept = new Map<LeaseId, number>()

  constructor(data = new MemoryData()) {
    this.#data = data
  }

  /** A second handle on the same data, closed independently. */
  another(): MemoryStore {
    return new MemoryStore(this.#data)
  }

  async range(
    start: Uint8Array,
    end: Uint8Array,
    options: RangeOptions = {},
    signal?: AbortSignal,
  ): Promise<RangeResult> {
    this.#enter(signal)
    checkRange(start, end, options)
    const { limit = Infinity, reverse = false, keysOnly = false, bytesMax = Infinity } = options
    const all = this.#data.scan(start, end, reverse ? undefined : limit + 1)
    const found = (reverse ? all.toReversed() : all)
      .slice(0, limit)
      .map((entry) => (keysOnly ? withoutValue(entry) : entry))
    let bytes = 0
    const full = found.findIndex(({ value }) => (bytes += value.length) >= bytesMax)
    const entries = full < 0 ? found : found.slice(0, full + 1)
    return { revision: this.#data.revision, entries, more: all.length > entries.length }
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.#enter(signal)
    checkTransaction(transaction)
    const { ok, reads } = this.#data.apply(transaction)
    return { ok, revision: this.#data.revision, reads }
  }

  watch(start: Uint8Array, end: Uint8Array, options: WatchOptions = {}): AsyncIterable<WatchBatch> {
    return watchIterable(
      (signal) => this.#watch(start, end, options.from, signal),
      this.#closing.signal,
      options.signal,
    )
  }

  async *#watch(start: Uint8Array, end: Uint8Array, from: Revision | undefined, signal: AbortSignal) {
    if (!signal.aborted || this.#closing.signal.aborted) this.#enter()
    checkSpan(start, end)
    checkFrom(from)
    yield* this.#data.watchers.watch(start, end, from, signal)
  }

  async lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    this.#enter(signal)
    checkTtl(ttlS)
    leases += 1
    const id = `memory-${leases}`
    this.#data.grant(id)
    this.#kept.set(id, ttlS)
    const revoke = async (): Promise<void> => {
      this.#enter()
      this.#kept.delete(id)
      this.#data.expire(id)
    }
    return { id, ttlS, lost: new AbortController().signal, revoke }
  }

  /** Its leases expire after their time, as if their owner had died. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const [id, ttlS] of this.#kept) setTimeout(() => this.#data.expire(id), ttlS * 1000).unref()
    this.#kept.clear()
  }

  /** Forgets the history up to and including a revision: a watch from before it throws CompactedError. */
  async compact(revision: Revision): Promise<void> {
    this.#enter()
    this.#data.compact(revision)
  }

  #enter(signal?: AbortSignal): void {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) throw new ConclaveError('closed', 'This store is closed')
  }
}
