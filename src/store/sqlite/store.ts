/**
 * The embedded store: one SQLite file in WAL mode that several processes share (https://www.sqlite.org/wal.html). A
 * transaction is on disk before commit() resolves (synchronous=FULL), so it survives kill -9 and, provided the disk
 * honours flushes, a loss of power. Other processes see it about a millisecond later (the bell).
 */
import { ConclaveError } from '../../base/errors.ts'
import { applyTransaction } from '../apply.ts'
import { checkFrom, checkRange, checkSpan, checkTransaction, checkTtl } from '../check.ts'
import { Watchers, watchIterable } from '../watchers.ts'
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
import { Bell } from './bell.ts'
import { Connection, type WriteOptions } from './connection.ts'
import { prepareFile } from './format.ts'
import { History } from './history.ts'
import { Leases } from './leases.ts'
import { Rows } from './rows.ts'

export interface SqliteOptions {
  /** The file may grow to about this many bytes; writes that don't fit are refused with `store-full`. */
  readonly fileBytesMax?: number
  /** Keeps the history of at most twice this many revisions: for a store that is never watched from far back. */
  readonly historyRevisions?: number
  /** Called after a transaction has been committed and before the bell rings: where tests simulate a crash. */
  readonly afterCommit?: () => void
}

type ChangeOptions = Pick<WriteOptions<boolean>, 'signal' | 'ahead'>

export class SqliteStore implements Store {
  readonly capabilities: StoreCapabilities = { durable: true, multiProcess: true }
  readonly #connection: Connection
  readonly #rows: Rows
  readonly #history: History
  readonly #leases: Leases
  readonly #bell: Bell
  readonly #watchers: Watchers
  readonly #closing = new AbortController()
  readonly #afterCommit: (() => void) | undefined
  /** The revision at the last poll. */
  #polled: Revision = 0

  private constructor(connection: Connection, options: SqliteOptions) {
    this.#connection = connection
    this.#afterCommit = options.afterCommit
    this.#rows = new Rows(connection)
    this.#history = new History(connection, this.#rows, options.historyRevisions)
    this.#leases = new Leases(connection, this.#rows, (work) => this.#change(work))
    this.#watchers = new Watchers({
      revision: () => connection.read(() => this.#rows.meta().revision),
      read: (after, start, end) => connection.read(() => this.#history.page(after, start, end)),
      changes: (after) => connection.read(() => this.#history.changes(after)),
    })
    this.#bell = new Bell(
      `${connection.path}-bell`,
      () => this.#watchers.ring(),
      () => this.#poll(),
    )
  }

  /**
   * Opens the store at a path, and creates it (0600, its folder 0700) if there is none.
   * @throws not-a-store for a file that is something else or newer, which stays untouched; not-allowed; store-full;
   * tampering for a damaged file.
   */
  static async open(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
    prepareFile(path)
    const connection = await Connection.open(path)
    try {
      if (options.fileBytesMax !== undefined) connection.limit(options.fileBytesMax)
      await connection.read(() => new Rows(connection).meta())
    } catch (error) {
      connection.close()
      throw error
    }
    const store = new SqliteStore(connection, options)
    await store.#leases.sweep()
    return store
  }

  async range(
    start: Uint8Array,
    end: Uint8Array,
    options: RangeOptions = {},
    signal?: AbortSignal,
  ): Promise<RangeResult> {
    this.#enter(signal)
    checkRange(start, end, options)
    return this.#connection.read(
      () => ({ revision: this.#rows.meta().revision, ...this.#rows.select(start, end, options) }),
      signal,
    )
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.#enter(signal)
    checkTransaction(transaction)
    if (readsOnly(transaction)) {
      return this.#connection.read(() => {
        const { revision } = this.#rows.meta()
        const { ok, reads } = applyTransaction(this.#rows, transaction, revision)
        return { ok, revision, reads }
      }, signal)
    }
    return this.#apply(transaction, { signal })
  }

  /** As `commit`, but does not wait for the disk: the next `commit` makes both durable. */
  async commitAhead(transaction: Transaction): Promise<CommitResult> {
    this.#enter()
    checkTransaction(transaction)
    return this.#apply(transaction, { ahead: true })
  }

  async #apply(transaction: Transaction, options: ChangeOptions): Promise<CommitResult> {
    let result: CommitResult | undefined
    await this.#change((before) => {
      const { ok, changed, reads } = applyTransaction(this.#rows, transaction, before + 1)
      result = { ok, revision: changed ? before + 1 : before, reads }
      return result.revision
    }, options)
    return result as unknown as CommitResult
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
    const deafen = this.#bell.listen()
    try {
      yield* this.#watchers.watch(start, end, from, signal)
    } finally {
      deafen()
    }
  }

  async lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    this.#enter(signal)
    checkTtl(ttlS)
    return this.#leases.grant(ttlS, signal)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#leases.close()
    this.#bell.close()
    this.#connection.close()
  }

  /** Forgets the history up to and including a revision: a watch from before it throws CompactedError. */
  async compact(revision: Revision): Promise<void> {
    this.#enter()
    await this.#connection.write(() => this.#history.compact(revision))
  }

  /** One write transaction: `work` gets the revision before it and returns the one after it. */
  async #change(work: (revision: Revision) => Revision, options: ChangeOptions = {}): Promise<void> {
    const write = (): boolean => {
      const { revision } = this.#rows.meta()
      const after = work(revision)
      if (after === revision) return false
      this.#rows.setRevision(after)
      this.#history.note(after, Date.now())
      return true
    }
    const committed = (changed: boolean): void => {
      if (!changed) return
      this.#afterCommit?.()
      this.#bell.ring()
      this.#watchers.ring()
    }
    await this.#connection.write(write, { committed, ...options })
  }

  /** Whether the store has changed since the last poll. */
  async #poll(): Promise<boolean> {
    try {
      const { revision } = await this.#connection.read(() => this.#rows.meta())
      const changed = revision !== this.#polled
      if (changed) this.#watchers.ring()
      this.#polled = revision
      return changed
    } catch {
      // The next poll tries again.
      return false
    }
  }

  /** Forgets the whole history, and returns the space of deleted data to the disk. Blocks the event loop. */
  async shrink(): Promise<void> {
    this.#enter()
    await this.#connection.write(() => this.#history.compact(this.#rows.meta().revision))
    this.#connection.vacuum()
  }

  #enter(signal?: AbortSignal): void {
    signal?.throwIfAborted()
    if (this.#closing.signal.aborted) throw new ConclaveError('closed', 'This store is closed')
  }
}

function readsOnly(transaction: Transaction): boolean {
  return [...transaction.then, ...(transaction.else ?? [])].every((operation) => operation.kind === 'read')
}
