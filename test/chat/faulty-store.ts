/** A store whose line can be cut, and whose answers can be lost: for a test to decide when. */
import { ConclaveError } from '../../src/base/errors.ts'
import type {
  CommitResult,
  Lease,
  RangeOptions,
  RangeResult,
  Store,
  StoreCapabilities,
  Transaction,
  WatchBatch,
  WatchOptions,
} from '../../src/store/store.ts'

export class FaultyStore implements Store {
  readonly #store: Store
  #cut = new AbortController()
  #gate: PromiseWithResolvers<void> | undefined
  readonly #requestLosses: ((transaction: Transaction) => boolean)[] = []
  readonly #losses: ((transaction: Transaction) => boolean)[] = []
  /** Transactions that reached the store. */
  committed: Transaction[] = []
  /** What ranges have answered: values, their bytes, and keys. */
  readonly read = { values: 0, bytes: 0, keys: 0 }
  /** Transactions that are held. */
  waiting = 0
  #rangeGate:
    | {
        readonly fits: (options: RangeOptions, end: Uint8Array) => boolean
        readonly opened: PromiseWithResolvers<void>
      }
    | undefined

  constructor(store: Store) {
    this.#store = store
  }

  get capabilities(): StoreCapabilities {
    return this.#store.capabilities
  }

  /** From now on nothing reaches the store, and what follows it ends. */
  cut(): void {
    this.#cut.abort()
  }

  mend(): void {
    this.#cut = new AbortController()
    this.letRangesThrough()
  }

  /** From now on transactions wait. */
  hold(): void {
    this.#gate ??= Promise.withResolvers()
  }

  /** Those that wait now happen; later ones wait. */
  step(): void {
    this.#gate?.resolve()
    this.#gate = Promise.withResolvers()
  }

  /** From now on ranges that fit wait, until they are let through. */
  holdRanges(fits: (options: RangeOptions, end: Uint8Array) => boolean): void {
    this.#rangeGate ??= { fits, opened: Promise.withResolvers() }
  }

  letRangesThrough(): void {
    this.#rangeGate?.opened.resolve()
    this.#rangeGate = undefined
  }

  /** The next transaction that fits happens, and its answer is lost. */
  loseReply(fits: (transaction: Transaction) => boolean = () => true): void {
    this.#losses.push(fits)
  }

  /** The next transaction that fits never arrives. */
  loseRequest(fits: (transaction: Transaction) => boolean): void {
    this.#requestLosses.push(fits)
  }

  get lossesLeft(): number {
    return this.#losses.length + this.#requestLosses.length
  }

  async range(start: Uint8Array, end: Uint8Array, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult> {
    this.#pass()
    if (this.#rangeGate?.fits(options ?? {}, end) === true) await this.#rangeGate.opened.promise
    const result = await this.#store.range(start, end, options, signal)
    this.read.keys += result.entries.length
    for (const { value } of result.entries) {
      if (value.length > 0) this.read.values += 1
      this.read.bytes += value.length
    }
    return result
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.#pass()
    this.waiting += 1
    await this.#gate?.promise
    this.waiting -= 1
    this.#pass()
    const lost = this.#requestLosses.findIndex((fits) => fits(transaction))
    if (lost >= 0) {
      this.#requestLosses.splice(lost, 1)
      throw away('the request was lost')
    }
    const result = await this.#store.commit(transaction, signal)
    this.committed.push(transaction)
    const at = this.#losses.findIndex((fits) => fits(transaction))
    if (at < 0) return result
    this.#losses.splice(at, 1)
    throw away('the answer was lost')
  }

  async *watch(start: Uint8Array, end: Uint8Array, options: WatchOptions = {}): AsyncGenerator<WatchBatch, void> {
    this.#pass()
    const cut = this.#cut.signal
    const signal = options.signal === undefined ? cut : AbortSignal.any([options.signal, cut])
    yield* this.#store.watch(start, end, { ...options, signal })
    if (cut.aborted && options.signal?.aborted !== true) throw away('the line was cut')
  }

  async lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    this.#pass()
    return this.#store.lease(ttlS, signal)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #pass(): void {
    if (this.#cut.signal.aborted) throw away('the line is cut')
  }
}

function away(what: string): ConclaveError {
  return new ConclaveError('unavailable', what, { retryable: true })
}
