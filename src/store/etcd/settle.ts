/**
 * A commit whose reply was lost may have happened. It is sent again only if sending it twice has no more effect than
 * once, and then this determines which of the two took effect.
 *
 * The rule. A transaction that only reads may be repeated. One that writes may be repeated if
 *  1. only its `then` writes, and `then` reads nothing, and
 *  2. it is *guarded*: one of its compares requires that a key which `then` puts is absent (alone or in an empty range),
 *     or is at revision R. Once the transaction has happened that compare is false: the repetition writes nothing.
 * Any other transaction is sent once, waits for its reply as long as a call may take, and rejects with `unavailable`.
 *
 * If the repetition's compares fail, either the first attempt or another client changed the keys. The first write of the
 * guarded key after R decides: since R can't come back, and a transaction writes all its keys in one revision, our
 * transaction has happened if and only if that write holds all our keys and bytes in one revision. etcd keeps old
 * revisions (an hour), so the first write is found by walking back from the newest.
 *
 * One gap remains: a guard on absence can hold twice if another client deletes the key within these few seconds; then
 * the key may be written again, with the same bytes. Equal bytes count as ours: writers make theirs unique (every record
 * carries a random nonce). If the answer can't be found, the commit rejects with `unavailable`.
 */
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { CommitResult, Compare, Entry, Operation, Revision, Transaction } from '../store.ts'
import type { Calls } from './calls.ts'
import { Refusal } from './failure.ts'
import { KV } from './generated/kv_pb.ts'
import { entryOf } from './messages.ts'

type Put = Extract<Operation, { kind: 'put' }>

/** A key that `then` puts, and the revision that it must have had; 0: it did not exist. */
interface Guard {
  readonly key: Uint8Array
  readonly modRevision: Revision
}

/** Writers of the same key in the few seconds of a retry. */
const stepsMax = 64

export function isRepeatable(transaction: Transaction): boolean {
  const writes = (operations: readonly Operation[] = []) => operations.filter(({ kind }) => kind !== 'read')
  if (writes(transaction.else).length > 0) return false
  if (writes(transaction.then).length === 0) return true
  return writes(transaction.then).length === transaction.then.length && guardOf(transaction) !== undefined
}

export function guardOf(transaction: Transaction): Guard | undefined {
  const puts = putsOf(transaction)
  for (const compare of transaction.if ?? []) {
    const put = puts.find(({ key }) => guards(compare, key))
    if (put === undefined) continue
    return { key: put.key, modRevision: compare.kind === 'revision' ? compare.modRevision : 0 }
  }
  return undefined
}

function putsOf(transaction: Transaction): readonly Put[] {
  return transaction.then.filter((operation) => operation.kind === 'put')
}

function guards(compare: Compare, key: Uint8Array): boolean {
  if (compare.kind === 'revision') return equalBytes(compare.key, key)
  if (compare.kind === 'value') return false
  return compareBytes(compare.key, key) <= 0 && compareBytes(key, compare.end) < 0
}

/** The outcome of a repeatable transaction of which one attempt was lost and the last one's compares failed. */
export async function settle(
  calls: Calls,
  transaction: Transaction,
  failed: CommitResult,
  signal?: AbortSignal,
): Promise<CommitResult> {
  const found = await find(calls, transaction, signal)
  if (found === 'unknown') throw unknown()
  return found === 'other' ? failed : found
}

/** Whether a guarded transaction has happened: its result, or `other` when someone else was first. */
export async function find(
  calls: Calls,
  transaction: Transaction,
  signal?: AbortSignal,
): Promise<CommitResult | 'other' | 'unknown'> {
  const guard = guardOf(transaction)
  if (guard === undefined) return 'unknown'
  try {
    const first = await firstWrite(calls, guard, signal)
    if (first === undefined) return 'unknown'
    for (const put of putsOf(transaction)) {
      const entry = await readAt(calls, put.key, first, signal)
      if (entry?.modRevision !== first || !equalBytes(entry.value, put.value)) return 'other'
    }
    return { ok: true, revision: first, reads: [] }
  } catch (error) {
    if (error instanceof Refusal) return 'unknown'
    throw error
  }
}

/** The revision of the first write of the key after the guard's; undefined when that can't be determined any more. */
async function firstWrite(calls: Calls, guard: Guard, signal?: AbortSignal): Promise<Revision | undefined> {
  let entry = await readAt(calls, guard.key, 0, signal)
  for (let steps = 0; entry !== undefined && steps < stepsMax; steps += 1) {
    // Absence ended with the creation; a revision with the write after it.
    if (guard.modRevision === 0) return entry.createRevision
    if (entry.modRevision <= guard.modRevision) return undefined
    const before = await readAt(calls, guard.key, entry.modRevision - 1, signal)
    if (before?.modRevision === guard.modRevision) return entry.modRevision
    entry = before
  }
  return undefined
}

/** A key as of a revision; 0: the current one. */
async function readAt(
  calls: Calls,
  key: Uint8Array,
  revision: Revision,
  signal?: AbortSignal,
): Promise<Entry | undefined> {
  const { kvs } = await calls.run(
    (endpoint, timeoutMs) => endpoint.unary(KV.method.range, { key, revision: BigInt(revision) }, timeoutMs, signal),
    signal,
  )
  return kvs[0] === undefined ? undefined : entryOf(kvs[0])
}

export function unknown(cause?: unknown): ConclaveError {
  return new ConclaveError('unavailable', 'The reply was lost: the write may or may not have happened', {
    hint: 'Check before you try again.',
    retryable: true,
    cause,
  })
}
