/**
 * The cluster store: an etcd v3 cluster behind the port. It survives the loss of its endpoint (including one that hangs
 * without closing its connections), of the leader, and of replies; without a majority its calls reject with
 * `unavailable` after ten seconds and its watches wait.
 */
import { ConclaveError } from '../../base/errors.ts'
import { silentLogger } from '../../base/log.ts'
import { checkFrom, checkRange, checkSpan, checkTransaction, checkTtl } from '../check.ts'
import { watchIterable } from '../watchers.ts'
import type {
  CommitResult,
  Lease,
  RangeOptions,
  RangeResult,
  Revision,
  Store,
  StoreCapabilities,
  Transaction,
  WatchBatch,
  WatchOptions,
} from '../store.ts'
import { settledOrAborted } from '../wakeup.ts'
import { Calls } from './calls.ts'
import { commitTransaction } from './commit.ts'
import { Endpoints } from './endpoints.ts'
import { Leases } from './leases.ts'
import { memberOf, Members, statusOf } from './members.ts'
import type { EtcdMember, EtcdStatus } from './members.ts'
import { defaultTimeouts } from './options.ts'
import type { EtcdOptions, EtcdTimeouts, EtcdTls } from './options.ts'
import { readRange } from './pages.ts'
import { Watches } from './watches.ts'

export class EtcdStore implements Store {
  readonly capabilities: StoreCapabilities = { durable: true, multiProcess: true }
  readonly #timeouts: EtcdTimeouts
  readonly #watches: Watches
  readonly #endpoints: Endpoints
  readonly #calls: Calls
  readonly #leases: Leases
  readonly #members: Members
  readonly #closing = new AbortController()
  /** Watches from now on that don't know their start revision yet. */
  readonly #beginning = new Set<Promise<unknown>>()

  private constructor(options: EtcdOptions) {
    const { endpoints, prefer, tls, logger = silentLogger } = options
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts }
    this.#endpoints = new Endpoints({ endpoints, prefer, tls, timeouts: this.#timeouts, logger })
    this.#calls = new Calls(this.#endpoints, this.#timeouts, this.#closing.signal)
    this.#watches = new Watches(this.#endpoints, this.#timeouts, this.#closing.signal)
    this.#leases = new Leases(this.#calls)
    this.#members = new Members(this.#calls, this.#endpoints, this.#timeouts.membersMs, options.onMembers)
  }

  /**
   * A handle on a cluster. It does not wait for the cluster: the first call finds out whether it is there, what it is
   * (`not-a-store`), and whether it lets us in (`not-allowed`).
   */
  static async open(options: EtcdOptions): Promise<EtcdStore> {
    if (options.endpoints.length === 0 && options.prefer === undefined) {
      throw new ConclaveError('usage', 'A cluster needs at least one address host:port')
    }
    return new EtcdStore(options)
  }

  async range(
    start: Uint8Array,
    end: Uint8Array,
    options: RangeOptions = {},
    signal?: AbortSignal,
  ): Promise<RangeResult> {
    this.#enter(signal)
    checkRange(start, end, options)
    // A watch that began before this range starts at a revision that this range has seen.
    if (this.#beginning.size > 0) await settledOrAborted(Promise.allSettled(this.#beginning), this.#closing.signal)
    return readRange(this.#calls, { start, end }, options, signal)
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.#enter(signal)
    checkTransaction(transaction)
    return commitTransaction(this.#calls, transaction, signal)
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
    const first = from ?? (await this.#now(start, end, signal))
    if (first !== undefined) yield* this.#watches.watch({ start, end }, first, signal)
  }

  async lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    this.#enter(signal)
    checkTtl(ttlS)
    return this.#leases.grant(ttlS, signal)
  }

  /**
   * Replaces the certificate, before the present one expires. Nothing is interrupted: calls under way end on their
   * connection, the watches go on over a new one. @throws for a certificate without its key; nothing has changed then
   */
  useTls(tls: EtcdTls): void {
    this.#enter()
    this.#endpoints.useTls(tls)
    this.#watches.renew()
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#leases.close()
    this.#members.close()
    this.#endpoints.close()
  }

  /** The cluster's members, as any one of them lists them. For `node status`; not part of the port. */
  async members(signal?: AbortSignal): Promise<readonly EtcdMember[]> {
    this.#enter(signal)
    const { members } = await this.#members.list(signal)
    return members.map(memberOf)
  }

  /** The status of the member at an address. @throws ConclaveError `unavailable` when it does not answer. */
  async status(endpoint: string, signal?: AbortSignal): Promise<EtcdStatus> {
    this.#enter(signal)
    return this.#endpoints.lend(endpoint, (lent) => statusOf(lent, this.#timeouts.attemptMs))
  }

  /** The revision that "from now on" stands for; undefined when the watch has ended since. */
  async #now(start: Uint8Array, end: Uint8Array, signal: AbortSignal): Promise<Revision | undefined> {
    const beginning = readRange(this.#calls, { start, end }, { limit: 1, keysOnly: true }, signal)
    this.#beginning.add(beginning)
    try {
      return (await beginning).revision + 1
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    } finally {
      this.#beginning.delete(beginning)
    }
  }

  #enter(signal?: AbortSignal): void {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) throw new ConclaveError('closed', 'This store is closed')
  }
}
