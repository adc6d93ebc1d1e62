/**
 * One connection to the file: cached statements, and transactions that never block the event loop for a lock. SQLite's
 * own busy timeout sleeps inside the call; here a refused BEGIN is retried later, with jitter, for at most ten seconds.
 * Between BEGIN and COMMIT everything is synchronous, so the transactions of one process can't mix; after it the event
 * loop gets a turn, because a loop of calls that never wait would starve it, and other writers too.
 */
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { ConclaveError } from '../../base/errors.ts'
import { storeDeadlineMs } from '../../base/limits.ts'
import { settledOrAborted } from '../wakeup.ts'
import { isBusy, storeBusy, translated } from './failure.ts'

/** A lock is held for the duration of a commit: the first retries follow at once, later ones wait longer. */
const promptTries = 3
const retryMsMax = 4

/** How often this process has each file open. */
const opened = new Map<string, number>()

/**
 * Whether this process has the file open: then it must not be opened by other means, because closing any descriptor of
 * a file gives up all locks that the process holds on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
export function isOpen(path: string): boolean {
  return opened.has(resolve(path))
}

export interface WriteOptions<T> {
  readonly signal?: AbortSignal | undefined
  /** Called right after COMMIT. */
  readonly committed?: (result: T) => void
  /**
   * Whether it resolves ahead of the disk: the result survives this process at once, and a loss of power once the next
   * transaction is durable.
   */
  readonly ahead?: boolean
}

export class Connection {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #mode: 'FULL' | 'NORMAL' | undefined
  /** The tail of the queue of this process's writers: one of them tries at a time. */
  #queue: Promise<void> = Promise.resolve()

  private constructor(path: string) {
    this.path = path
    try {
      this.#database = new DatabaseSync(path, { timeout: 0 })
    } catch (error) {
      throw translated(path, error)
    }
    opened.set(resolve(path), (opened.get(resolve(path)) ?? 0) + 1)
  }

  static async open(path: string): Promise<Connection> {
    const connection = new Connection(path)
    try {
      // A process that opens or closes the file at this moment may hold a lock for that long.
      await connection.#patiently(() => {
        connection.#database.exec('PRAGMA trusted_schema = OFF')
        connection.#synchronize('FULL')
      }, Date.now() + storeDeadlineMs)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  /** A prepared statement, cached. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Runs `work` on one snapshot. The first try happens before this call returns. */
  async read<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    const result = await this.#patiently(() => this.#once('BEGIN', work), Date.now() + storeDeadlineMs, signal)
    await setImmediate()
    return result
  }

  /** Runs `work` alone among all processes; undone when `work` throws. */
  async write<T>(work: () => T, { signal, committed, ahead = false }: WriteOptions<T> = {}): Promise<T> {
    const deadline = Date.now() + storeDeadlineMs
    const before = this.#queue
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#queue = promise
    try {
      if (signal === undefined) await before
      else await settledOrAborted(before, signal)
      const once = (): T => {
        this.#synchronize(ahead ? 'NORMAL' : 'FULL')
        return this.#once('BEGIN IMMEDIATE', work)
      }
      const result = await this.#patiently(once, deadline, signal)
      committed?.(result)
      // Ahead-of-disk commits skip the fairness yield.
      if (!ahead) await setImmediate()
      return result
    } finally {
      resolve()
    }
  }

  /** Bounds the database file (in whole pages) for this connection. */
  limit(fileBytesMax: number): void {
    const { page_size: pageBytes } = this.statement('PRAGMA page_size').get() as { page_size: number }
    this.#database.exec(`PRAGMA max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`)
  }

  /** Returns free pages to the disk; not while someone else holds a lock. */
  vacuum(): void {
    try {
      this.#database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      if (!isBusy(error)) throw translated(this.path, error)
    }
  }

  close(): void {
    if (!this.#database.isOpen) return
    this.#database.close()
    const others = (opened.get(resolve(this.path)) ?? 1) - 1
    if (others > 0) opened.set(resolve(this.path), others)
    else opened.delete(resolve(this.path))
  }

  /**
   * FULL: COMMIT waits until everything is on disk. NORMAL: it hands it to the system
   * (https://www.sqlite.org/pragma.html#pragma_synchronous).
   */
  #synchronize(mode: 'FULL' | 'NORMAL'): void {
    if (this.#mode === mode) return
    this.#database.exec(`PRAGMA synchronous = ${mode}`)
    this.#mode = mode
  }

  /** Retries while others hold a lock. */
  async #patiently<T>(work: () => T, deadline: number, signal?: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      signal?.throwIfAborted()
      if (!this.#database.isOpen) throw new ConclaveError('closed', 'This store is closed')
      try {
        return work()
      } catch (error) {
        if (!isBusy(error)) throw translated(this.path, error)
        if (Date.now() > deadline) throw storeBusy(this.path, error)
      }
      if (tries <= promptTries) await setImmediate()
      else await setTimeout(1 + Math.random() * Math.min(2 ** (tries - promptTries), retryMsMax))
    }
  }

  #once<T>(begin: string, work: () => T): T {
    this.statement(begin).run()
    try {
      const result = work()
      this.statement('COMMIT').run()
      return result
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#database.isTransaction) this.statement('ROLLBACK').run()
      throw error
    }
  }
}
