/**
 * The meaning of a transaction, for the stores that evaluate it themselves (memory and SQLite; etcd does so
 * server-side). The conformance suite holds all three to the same results.
 */
import type { Bytes } from '../base/bytes.ts'
import { compareBytes, emptyBytes, equalBytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import type { Compare, Entry, LeaseId, Operation, Revision, Transaction } from './store.ts'

/** A store's rows inside one of its transactions. */
export interface Table {
  get(key: Uint8Array): Entry | undefined
  /** Entries of [start, end) in key order. */
  scan(start: Uint8Array, end: Uint8Array, limit?: number): readonly Entry[]
  put(entry: Entry, lease: LeaseId | undefined): void
  /** Deletes an entry that exists. */
  remove(entry: Entry, revision: Revision): void
  hasLease(id: LeaseId): boolean
}

export interface Applied {
  readonly ok: boolean
  /** Whether anything was written: only then does the transaction use up its revision. */
  readonly changed: boolean
  readonly reads: readonly (readonly Entry[])[]
}

/** Copies what is kept, so that a small key or value does not keep a caller's large buffer alive. */
export function copyBytes(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes)
}

function holds(table: Table, compare: Compare): boolean {
  switch (compare.kind) {
    case 'revision':
      return (table.get(compare.key)?.modRevision ?? 0) === compare.modRevision
    case 'value': {
      const entry = table.get(compare.key)
      return entry !== undefined && equalBytes(entry.value, compare.value)
    }
    case 'empty':
      return table.scan(compare.key, compare.end, 1).length === 0
  }
}

function checkLeases(table: Table, operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.kind === 'put' && operation.lease !== undefined && !table.hasLease(operation.lease)) {
      throw leaseEnded()
    }
  }
}

export function leaseEnded(cause?: unknown): ConclaveError {
  return new ConclaveError('closed', 'Lease expired', { hint: 'Take a new lease.', cause })
}

/** Evaluates the compares and applies one branch, its writes at `revision`. Throws before the first write or not at all. */
export function applyTransaction(table: Table, transaction: Transaction, revision: Revision): Applied {
  const ok = (transaction.if ?? []).every((compare) => holds(table, compare))
  const operations = ok ? transaction.then : (transaction.else ?? [])
  checkLeases(table, operations)
  const reads: (readonly Entry[])[] = []
  let changed = false
  for (const operation of operations) {
    if (operation.kind === 'put') {
      const createRevision = table.get(operation.key)?.createRevision ?? revision
      const key = copyBytes(operation.key)
      const value = copyBytes(operation.value)
      table.put({ key, value, createRevision, modRevision: revision }, operation.lease)
      changed = true
      continue
    }
    const found = rowsOf(table, operation)
    if (operation.kind === 'read') {
      reads.push(operation.keysOnly === true ? found.map(withoutValue) : found)
      continue
    }
    for (const entry of found) table.remove(entry, revision)
    changed ||= found.length > 0
  }
  return { ok, changed, reads }
}

export function withoutValue(entry: Entry): Entry {
  return { ...entry, value: emptyBytes }
}

function rowsOf(table: Table, operation: Exclude<Operation, { kind: 'put' }>): readonly Entry[] {
  if (operation.end !== undefined) {
    return table.scan(operation.key, operation.end, operation.kind === 'read' ? operation.limit : undefined)
  }
  const entry = table.get(operation.key)
  return entry === undefined ? [] : [entry]
}

/** Key order: the order of events inside a batch. */
export function byKey(a: { readonly key: Uint8Array }, b: { readonly key: Uint8Array }): number {
  return compareBytes(a.key, b.key)
}
