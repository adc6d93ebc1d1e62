/**
 * The store port: ordered byte keys, one revision per transaction, watch from a revision.
 *
 * It is the part of etcd's v3 API that Conclave needs (https://etcd.io/docs/v3.5/learning/api/). There are three
 * implementations: memory, one SQLite file shared by several processes, and an etcd cluster. All of them pass one
 * conformance suite (test/conformance).
 *
 * Keys are compared as bytes. `end` is exclusive and sorts after its start. Values passed in or out are never mutated
 * afterwards. Revisions are positive and grow by one with each transaction that changes anything (the first one is up
 * to the store); they are never signed, nor relied on across a restore.
 *
 * Every method rejects with a ConclaveError: `usage` for a request outside the bounds below, `unavailable` (retryable)
 * when no answer came in time, `store-full`, `not-a-store`, `not-allowed` (file permissions, access control), `closed`
 * after close() and for a put under a lease that has ended. An aborted signal rejects with its reason.
 */
import type { Bytes } from '../base/bytes.ts'

export type Revision = number

export interface Entry {
  readonly key: Bytes
  readonly value: Bytes
  /** Revision of the transaction that created the key, and of the one that last wrote it. */
  readonly createRevision: Revision
  readonly modRevision: Revision
}

export interface RangeOptions {
  /** At most this many entries; `more` tells whether there are others. Unbounded when absent. */
  readonly limit?: number
  /** From the end of the range backwards. On etcd: only for ranges known to be small. */
  readonly reverse?: boolean
  /** Leaves the values empty. */
  readonly keysOnly?: boolean
  /** Stops once the values read are this many bytes; `more` tells. The last entry (etcd: a page of 256) may go beyond. */
  readonly bytesMax?: number
}

export interface RangeResult {
  /** The store's revision when the range was read: watch from `revision + 1` misses nothing. */
  readonly revision: Revision
  readonly entries: readonly Entry[]
  readonly more: boolean
}

/** A condition for a transaction's `then`. */
export type Compare =
  /** The key was last written at `modRevision`; 0: it does not exist. */
  | { readonly kind: 'revision'; readonly key: Uint8Array; readonly modRevision: Revision }
  /** The key exists with exactly this value. */
  | { readonly kind: 'value'; readonly key: Uint8Array; readonly value: Uint8Array }
  /** No key exists in [key, end). */
  | { readonly kind: 'empty'; readonly key: Uint8Array; readonly end: Uint8Array }

export type Operation =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly lease?: LeaseId }
  /** Deletes the key, or every key in [key, end). */
  | { readonly kind: 'delete'; readonly key: Uint8Array; readonly end?: Uint8Array }
  /** Reads the key, or up to `limit` entries of [key, end), into `reads`. Sees the writes before it in the same transaction. */
  | {
      readonly kind: 'read'
      readonly key: Uint8Array
      readonly end?: Uint8Array
      readonly limit?: number
      readonly keysOnly?: boolean
    }

/** At most `storeOperationsMax` operations a branch and as many compares; a key is written at most once in a branch. */
export interface Transaction {
  readonly if?: readonly Compare[]
  readonly then: readonly Operation[]
  readonly else?: readonly Operation[]
}

export interface CommitResult {
  /** Whether `then` was executed (otherwise `else` was). */
  readonly ok: boolean
  readonly revision: Revision
  /** One array of entries for each `read` operation of the executed branch, in order. */
  readonly reads: readonly (readonly Entry[])[]
}

export type StoreEvent =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: Bytes; readonly modRevision: Revision }

/** All events of one revision within the watched range, in key order; a revision is never split. */
export interface WatchBatch {
  readonly revision: Revision
  readonly events: readonly StoreEvent[]
}

export interface WatchOptions {
  /** First revision to report; one in the future is waited for. From now on when absent. */
  readonly from?: Revision
  readonly signal?: AbortSignal
}

export type LeaseId = string

/**
 * Keys put under a lease are deleted when it expires: at the latest `2 × ttlS` seconds after its owner's last renewal.
 */
export interface Lease {
  readonly id: LeaseId
  readonly ttlS: number
  /** Aborted when the lease is lost (expired or revoked elsewhere). */
  readonly lost: AbortSignal
  /** Ends the lease now and deletes its keys. */
  revoke(): Promise<void>
}

export interface StoreCapabilities {
  /** Acknowledged transactions survive kill -9 and a restart. */
  readonly durable: boolean
  /** Other processes see the same data. */
  readonly multiProcess: boolean
}

export interface Store {
  readonly capabilities: StoreCapabilities
  range(start: Uint8Array, end: Uint8Array, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult>
  /**
   * One transaction: atomic, durable before it resolves. After a rejection with `unavailable` the outcome is unknown:
   * writers make every write create-only or compared, and check before they try again.
   */
  commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult>
  /**
   * Events of [start, end), in order of revision, without loss or duplicate. The watch is established once the first
   * `next()` has been called and a later range has been answered. Ends quietly on abort of its signal and on close();
   * throws CompactedError when `from` is no longer kept: read the range again.
   */
  watch(start: Uint8Array, end: Uint8Array, options?: WatchOptions): AsyncIterable<WatchBatch>
  /** A lease that this store keeps alive until it is revoked or the store is closed. 1 ≤ ttlS ≤ 3600. */
  lease(ttlS: number, signal?: AbortSignal): Promise<Lease>
  close(): Promise<void>
}
