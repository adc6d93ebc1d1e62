/**
 * The rows of the file in the form that the shared transaction code needs, for use inside a transaction of the
 * connection.
 */
import type { Bytes } from '../../base/bytes.ts'
import { withoutValue, type Table } from '../apply.ts'
import type { Entry, LeaseId, RangeOptions, Revision } from '../store.ts'
import type { Connection } from './connection.ts'

const entryColumns = 'key, value, create_rev AS createRevision, mod_rev AS modRevision'

export interface Meta {
  readonly revision: Revision
  /** Superseded versions and deletions up to this revision are gone. */
  readonly compacted: Revision
}

/** A row as node:sqlite returns it (an object without a prototype, owning its blobs). */
function entryOf(row: unknown): Entry {
  const { key, value, createRevision, modRevision } = row as Entry
  return { key, value, createRevision, modRevision }
}

/** node:sqlite passes an empty array as NULL unless it has a buffer of its own. */
const emptyValue: Bytes = new Uint8Array(new ArrayBuffer(8), 0, 0)

export class Rows implements Table {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  meta(): Meta {
    return this.#connection.statement('SELECT revision, compacted FROM meta').get() as unknown as Meta
  }

  setRevision(revision: Revision): void {
    this.#connection.statement('UPDATE meta SET revision = ?').run(revision)
  }

  get(key: Uint8Array): Entry | undefined {
    const row = this.#connection.statement(`SELECT ${entryColumns} FROM entries WHERE key = ?`).get(key)
    return row === undefined ? undefined : entryOf(row)
  }

  scan(start: Uint8Array, end: Uint8Array, limit?: number): Entry[] {
    return this.select(start, end, limit === undefined ? {} : { limit }).entries
  }

  select(start: Uint8Array, end: Uint8Array, options: RangeOptions): { entries: Entry[]; more: boolean } {
    const { limit = Infinity, reverse = false, keysOnly = false, bytesMax = Infinity } = options
    const columns = keysOnly ? 'key, create_rev AS createRevision, mod_rev AS modRevision' : entryColumns
    const order = reverse ? 'DESC' : 'ASC'
    const rows = this.#connection
      .statement(`SELECT ${columns} FROM entries WHERE key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`)
      .iterate(start, end, limit === Infinity ? -1 : limit + 1)
    const entries: Entry[] = []
    let bytes = 0
    for (const row of rows) {
      if (entries.length >= limit || bytes >= bytesMax) return { entries, more: true }
      const entry = entryOf(row)
      entries.push(keysOnly ? withoutValue(entry) : entry)
      bytes += entry.value?.length ?? 0
    }
    return { entries, more: false }
  }

  put(entry: Entry, lease: LeaseId | undefined): void {
    // The version that this one supersedes has another revision unless the key is new.
    if (entry.createRevision !== entry.modRevision) this.#keepPast(entry.key)
    this.#connection
      .statement('INSERT OR REPLACE INTO entries(key, value, create_rev, mod_rev, lease) VALUES (?, ?, ?, ?, ?)')
      .run(
        entry.key,
        entry.value.length === 0 ? emptyValue : entry.value,
        entry.createRevision,
        entry.modRevision,
        lease ?? null,
      )
  }

  remove(entry: Entry, revision: Revision): void {
    this.#keepPast(entry.key)
    this.#connection.statement('DELETE FROM entries WHERE key = ?').run(entry.key)
    this.#connection.statement("INSERT INTO past VALUES (?, ?, x'', 0)").run(revision, entry.key)
  }

  hasLease(id: LeaseId): boolean {
    return this.#connection.statement('SELECT 1 FROM leases WHERE id = ?').get(id) !== undefined
  }

  /** The entries that end with a lease, in key order. */
  leased(id: LeaseId): Entry[] {
    return this.#connection
      .statement(`SELECT ${entryColumns} FROM entries WHERE lease = ? ORDER BY key`)
      .all(id)
      .map(entryOf)
  }

  #keepPast(key: Uint8Array): void {
    this.#connection
      .statement(
        `INSERT INTO past SELECT mod_rev, key, value, create_rev FROM entries
         WHERE key = ? AND mod_rev > (SELECT compacted FROM meta)`,
      )
      .run(key)
  }
}
