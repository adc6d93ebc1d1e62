/**
 * Leases in the file: their owner extends `expires_at` while it lives; any process that has the store open ends expired
 * ones, also right when it opens it. Time is the machine's clock, which its processes share.
 */
import { randomUUID } from 'node:crypto'
import type { Lease, LeaseId, Revision } from '../store.ts'
import type { Connection } from './connection.ts'
import type { Rows } from './rows.ts'

/** Between two sweeps at most, for a lease that another process granted meanwhile; one known is ended when it expires. */
const sweepMsMax = 2000
/** A lease is renewed three times per lifetime. */
const touchesPerTtl = 3

interface Kept {
  readonly timer: NodeJS.Timeout
  readonly lost: AbortController
}

export class Leases {
  readonly #connection: Connection
  readonly #rows: Rows
  /** Runs a write that may delete keys, and reports the new revision to the watchers. */
  readonly #change: (work: (revision: Revision) => Revision) => Promise<void>
  #sweeper: NodeJS.Timeout | undefined
  #closed = false
  readonly #kept = new Map<LeaseId, Kept>()

  constructor(connection: Connection, rows: Rows, change: (work: (revision: Revision) => Revision) => Promise<void>) {
    this.#connection = connection
    this.#rows = rows
    this.#change = change
  }

  async grant(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    const id = randomUUID()
    await this.#connection.write(
      () => {
        this.#connection.statement('INSERT INTO leases VALUES (?, ?, ?)').run(id, ttlS, Date.now() + ttlS * 1000)
      },
      { signal },
    )
    const lost = new AbortController()
    const timer = setInterval(() => void this.#touch(id, ttlS), (ttlS * 1000) / touchesPerTtl).unref()
    this.#kept.set(id, { timer, lost })
    return { id, ttlS, lost: lost.signal, revoke: () => this.#revoke(id) }
  }

  /**
   * Ends every lease that has expired, and sweeps again when the next one does. A store that is busy or unreachable is
   * swept again soon.
   */
  async sweep(): Promise<void> {
    let wait = sweepMsMax
    try {
      const { expired, waitMs } = await this.#connection.read(() => ({
        expired: this.#expired(),
        waitMs: this.#untilNextMs(),
      }))
      wait = Math.min(waitMs, sweepMsMax)
      if (expired.length > 0) {
        await this.#change((revision) => this.#expired().reduce((reached, id) => this.#end(id, reached), revision))
      }
    } catch {
      // The next sweep tries again; this process's commits report what is wrong with the store.
    }
    clearTimeout(this.#sweeper)
    if (!this.#closed) this.#sweeper = setTimeout(() => void this.sweep(), wait).unref()
  }

  /** Stops renewing leases, without ending them. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#sweeper)
    for (const { timer } of this.#kept.values()) clearInterval(timer)
    this.#kept.clear()
  }

  #expired(): LeaseId[] {
    const rows = this.#connection.statement('SELECT id FROM leases WHERE expires_at <= ?').all(Date.now())
    return rows.map((row) => row['id'] as LeaseId)
  }

  /** Until the first of those that have not expired does. */
  #untilNextMs(): number {
    const now = Date.now()
    const row = this.#connection.statement('SELECT min(expires_at) AS next FROM leases WHERE expires_at > ?').get(now)
    return typeof row?.['next'] === 'number' ? row['next'] - now : Infinity
  }

  /** Deletes a lease and its keys in one revision, if it has any. @returns the revision reached */
  #end(id: LeaseId, revision: Revision): Revision {
    this.#connection.statement('DELETE FROM leases WHERE id = ?').run(id)
    const entries = this.#rows.leased(id)
    for (const entry of entries) this.#rows.remove(entry, revision + 1)
    return entries.length === 0 ? revision : revision + 1
  }

  async #touch(id: LeaseId, ttlS: number): Promise<void> {
    try {
      const { changes } = await this.#connection.write(() => {
        const now = Date.now()
        return this.#connection
          .statement('UPDATE leases SET expires_at = ? WHERE id = ? AND expires_at > ?')
          .run(now + ttlS * 1000, id, now)
      })
      if (Number(changes) === 0) this.#forget(id)?.lost.abort()
    } catch {
      // Tried again at the next renewal; if the lease has expired by then, that one reports it.
    }
  }

  async #revoke(id: LeaseId): Promise<void> {
    this.#forget(id)
    await this.#change((revision) => this.#end(id, revision))
  }

  #forget(id: LeaseId): Kept | undefined {
    const kept = this.#kept.get(id)
    clearInterval(kept?.timer)
    this.#kept.delete(id)
    return kept
  }
}
