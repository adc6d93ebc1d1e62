/**
 * The source of watches: the events of each revision, from `entries` and `past`. `past` is kept for at least an hour,
 * unless it exceeds its row limit; or, in a store that is hardly watched, for the newest revisions only.
 */
import { storeHistoryMs, storeHistoryRowsMax } from '../../base/limits.ts'
import { CompactedError } from '../compacted.ts'
import { changesMax, type Changes, type JournalPage } from '../watchers.ts'
import type { Entry, Revision, StoreEvent, WatchBatch } from '../store.ts'
import type { Connection } from './connection.ts'
import type { Rows } from './rows.ts'

/** Revisions per page of a catch-up. */
const pageRevisions = 128
/** How often the age of history is recorded, by time and by revisions. */
const noteMs = 60_000
const noteRevisions = 1024

export class History {
  readonly #connection: Connection
  readonly #rows: Rows
  readonly #revisionsKept: number | undefined
  #notedAt = 0

  /** @param revisionsKept keep about this many instead of an hour's worth */
  constructor(connection: Connection, rows: Rows, revisionsKept?: number) {
    this.#connection = connection
    this.#rows = rows
    this.#revisionsKept = revisionsKept
  }

  /** Inside a read: the events of [start, end) in the revisions after `after`. @throws CompactedError */
  page(after: Revision, start: Uint8Array, end: Uint8Array): JournalPage {
    const { revision, compacted } = this.#rows.meta()
    if (after < compacted) throw new CompactedError(compacted + 1)
    if (after >= revision) return { batches: [], through: after, more: false }
    const through = Math.min(after + pageRevisions, revision)
    const rows = this.#connection
      .statement(
        `SELECT mod_rev AS modRevision, key, value, create_rev AS createRevision
           FROM entries INDEXED BY entries_by_revision
           WHERE mod_rev > :after AND mod_rev <= :through AND key >= :start AND key < :end
         UNION ALL
         SELECT mod_rev, key, value, create_rev FROM past
           WHERE mod_rev > :after AND mod_rev <= :through AND key >= :start AND key < :end
         ORDER BY 1, 2`,
      )
      .all({ after, through, start, end })
    return { batches: batchesOf(rows as unknown as Entry[]), through, more: through < revision }
  }

  /** Inside a read: the keys that changed after `after`. */
  changes(after: Revision): Changes | undefined {
    const { revision, compacted } = this.#rows.meta()
    if (after < compacted) return undefined
    const rows = this.#connection
      .statement(
        `SELECT key FROM entries INDEXED BY entries_by_revision WHERE mod_rev > :after
         UNION ALL
         SELECT key FROM past WHERE mod_rev > :after
         LIMIT :limit`,
      )
      .all({ after, limit: changesMax + 1 })
    return rows.length > changesMax
      ? undefined
      : { keys: rows.map((row) => row['key'] as Uint8Array), through: revision }
  }

  /** Inside a write: records now and then how old a revision is, and forgets what is old enough. */
  note(revision: Revision, now: number): void {
    const kept = this.#revisionsKept
    if (kept !== undefined) {
      if (revision - this.#rows.meta().compacted >= 2 * kept) this.compact(revision - kept)
      return
    }
    if (now - this.#notedAt < noteMs && revision % noteRevisions !== 0) return
    this.#notedAt = now
    this.#connection.statement('INSERT OR REPLACE INTO moments VALUES (?, ?)').run(now, revision)
    const old = this.#connection
      .statement('SELECT revision FROM moments WHERE at <= ? ORDER BY at DESC LIMIT 1')
      .get(now - storeHistoryMs)
    const surplus = this.#connection
      .statement('SELECT mod_rev AS revision FROM past ORDER BY mod_rev DESC LIMIT 1 OFFSET ?')
      .get(storeHistoryRowsMax)
    this.compact(Math.max(Number(old?.['revision'] ?? 0), Number(surplus?.['revision'] ?? 0)))
  }

  /** Inside a write: forgets history up to and including a revision. */
  compact(revision: Revision): void {
    const meta = this.#rows.meta()
    const through = Math.min(revision, meta.revision)
    if (through <= meta.compacted) return
    this.#connection.statement('DELETE FROM past WHERE mod_rev <= ?').run(through)
    this.#connection.statement('DELETE FROM moments WHERE revision <= ?').run(through)
    this.#connection.statement('UPDATE meta SET compacted = ?').run(through)
  }
}

function batchesOf(rows: readonly Entry[]): WatchBatch[] {
  const batches: { revision: Revision; events: StoreEvent[] }[] = []
  for (const { key, value, createRevision, modRevision } of rows) {
    const event: StoreEvent =
      createRevision === 0
        ? { kind: 'delete', key, modRevision }
        : { kind: 'put', entry: { key, value, createRevision, modRevision } }
    const last = batches.at(-1)
    if (last?.revision === modRevision) last.events.push(event)
    else batches.push({ revision: modRevision, events: [event] })
  }
  return batches
}
