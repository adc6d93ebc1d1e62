/** The data of a memory store: sorted keys, a bounded history, leases. Everything here is synchronous. */
import type { Bytes } from '../base/bytes.ts'
import { memoryHistoryRevisionsMax } from '../base/limits.ts'
import { applyTransaction, byKey } from './apply.ts'
import type { Applied, Table } from './apply.ts'
import { CompactedError } from './compacted.ts'
import { changesMax, Watchers, type Changes, type JournalPage } from './watchers.ts'
import type { Entry, LeaseId, Revision, StoreEvent, Transaction, WatchBatch } from './store.ts'

/** A key as a string that sorts the same: one UTF-16 unit per byte. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

export class MemoryData implements Table {
  readonly watchers = new Watchers({
    revision: async () => this.revision,
    read: async (after, start, end) => this.#page(after, start, end),
    changes: async (after) => this.#changes(after),
  })
  revision: Revision = 0
  /** Revisions up to this one are forgotten; history[0] is the next. */
  #compacted: Revision = 0
  #history: WatchBatch[] = []
  #names: string[] = []
  #entries = new Map<string, Entry>()
  #leaseOf = new Map<string, LeaseId>()
  #leases = new Set<LeaseId>()
  #events: StoreEvent[] = []

  apply(transaction: Transaction): Applied {
    const applied = applyTransaction(this, transaction, this.revision + 1)
    this.#record()
    return applied
  }

  get(key: Uint8Array): Entry | undefined {
    return this.#entries.get(nameOf(key))
  }

  scan(start: Uint8Array, end: Uint8Array, limit = Infinity): readonly Entry[] {
    const first = this.#find(nameOf(start))
    const last = Math.min(this.#find(nameOf(end)), first + limit)
    return this.#names.slice(first, last).map((name) => this.#entries.get(name) as Entry)
  }

  put(entry: Entry, lease: LeaseId | undefined): void {
    const name = nameOf(entry.key)
    if (!this.#entries.has(name)) this.#names.splice(this.#find(name), 0, name)
    this.#entries.set(name, entry)
    if (lease === undefined) this.#leaseOf.delete(name)
    else this.#leaseOf.set(name, lease)
    this.#events.push({ kind: 'put', entry })
  }

  remove(entry: Entry, revision: Revision): void {
    const name = nameOf(entry.key)
    this.#names.splice(this.#find(name), 1)
    this.#entries.delete(name)
    this.#leaseOf.delete(name)
    this.#events.push({ kind: 'delete', key: entry.key, modRevision: revision })
  }

  hasLease(id: LeaseId): boolean {
    return this.#leases.has(id)
  }

  grant(id: LeaseId): void {
    this.#leases.add(id)
  }

  /** Ends a lease and deletes its keys in one revision. */
  expire(id: LeaseId): void {
    if (!this.#leases.delete(id)) return
    const names = [...this.#leaseOf].filter(([, lease]) => lease === id).map(([name]) => name)
    for (const name of names) this.remove(this.#entries.get(name) as Entry, this.revision + 1)
    this.#record()
  }

  /** Whole revisions after `after` with their events in [start, end). */
  #page(after: Revision, start: Uint8Array, end: Uint8Array): JournalPage {
    if (after < this.#compacted) throw new CompactedError(this.#compacted + 1)
    const from = nameOf(start)
    const to = nameOf(end)
    const inside = (event: StoreEvent): boolean => {
      const name = nameOf(keyOf(event))
      return from <= name && name < to
    }
    const batches = this.#history
      .slice(after - this.#compacted)
      .map((batch) => ({ revision: batch.revision, events: batch.events.filter(inside) }))
      .filter((batch) => batch.events.length > 0)
    return { batches, through: this.revision, more: false }
  }

  #changes(after: Revision): Changes | undefined {
    if (after < this.#compacted) return undefined
    const events = this.#history.slice(after - this.#compacted).flatMap((batch) => batch.events)
    return events.length > changesMax ? undefined : { keys: events.map(keyOf), through: this.revision }
  }

  /** Forgets the history up to and including a revision. */
  compact(revision: Revision): void {
    const dropped = Math.min(revision, this.revision) - this.#compacted
    if (dropped <= 0) return
    this.#history = this.#history.slice(dropped)
    this.#compacted += dropped
  }

  #record(): void {
    if (this.#events.length === 0) return
    const events = this.#events.sort((a, b) => byKey({ key: keyOf(a) }, { key: keyOf(b) }))
    this.#events = []
    this.revision += 1
    this.#history.push({ revision: this.revision, events })
    if (this.#history.length > memoryHistoryRevisionsMax) this.compact(this.#compacted + memoryHistoryRevisionsMax / 2)
    this.watchers.ring()
  }

  /** Index of the first name that is not before `name`. */
  #find(name: string): number {
    let low = 0
    let high = this.#names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#names[middle] as string) < name) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function keyOf(event: StoreEvent): Bytes {
  return event.kind === 'put' ? event.entry.key : event.key
}
