/**
 * Validates requests before any store acts on them, so that all stores refuse alike and a refused request changes
 * nothing. The bounds are those of an etcd with default settings (base/limits.ts).
 */
import { compareBytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import {
  leaseTtlSMax,
  leaseTtlSMin,
  storeFramingBytes,
  storeKeyBytesMax,
  storeOperationsMax,
  storeRequestBytesMax,
} from '../base/limits.ts'
import type { Compare, Operation, RangeOptions, Revision, Transaction } from './store.ts'

function refuse(message: string): never {
  throw new ConclaveError('usage', message)
}

export function checkKey(key: Uint8Array): void {
  if (key.length === 0) refuse('A key has at least one byte')
  if (key.length > storeKeyBytesMax) refuse(`A key has at most ${storeKeyBytesMax} bytes`)
}

/** An empty or backward span is refused: etcd gives some of them a special meaning. */
export function checkSpan(start: Uint8Array, end: Uint8Array): void {
  checkKey(start)
  checkKey(end)
  if (compareBytes(start, end) >= 0) refuse('The end of a range sorts after its start')
}

function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) refuse('A limit is a positive integer')
}

export function checkRange(start: Uint8Array, end: Uint8Array, options: RangeOptions): void {
  checkSpan(start, end)
  checkLimit(options.limit)
  checkLimit(options.bytesMax)
}

export function checkFrom(from: Revision | undefined): void {
  if (from !== undefined && (!Number.isSafeInteger(from) || from < 1)) refuse('A watch starts at a positive revision')
}

export function checkTtl(ttlS: number): void {
  if (!Number.isSafeInteger(ttlS) || ttlS < leaseTtlSMin || ttlS > leaseTtlSMax) {
    refuse(`A lease lasts ${leaseTtlSMin} to ${leaseTtlSMax} seconds`)
  }
}

function checkCompares(compares: readonly Compare[]): void {
  if (compares.length > storeOperationsMax) refuse(`A transaction has at most ${storeOperationsMax} compares`)
  for (const compare of compares) {
    if (compare.kind === 'empty') checkSpan(compare.key, compare.end)
    else checkKey(compare.key)
    if (compare.kind === 'revision' && (!Number.isSafeInteger(compare.modRevision) || compare.modRevision < 0)) {
      refuse('A compared revision is 0 or a positive integer')
    }
  }
}

interface Span {
  readonly start: Uint8Array
  /** Absent: the single key `start`. */
  readonly end: Uint8Array | undefined
}

export function covers(span: Span, key: Uint8Array): boolean {
  if (span.end === undefined) return compareBytes(span.start, key) === 0
  return compareBytes(span.start, key) <= 0 && compareBytes(key, span.end) < 0
}

function checkBranch(operations: readonly Operation[]): void {
  if (operations.length > storeOperationsMax) refuse(`A transaction has at most ${storeOperationsMax} operations`)
  const written: Span[] = []
  for (const operation of operations) {
    const end = operation.kind === 'put' ? undefined : operation.end
    if (end === undefined) checkKey(operation.key)
    else checkSpan(operation.key, end)
    if (operation.kind === 'read') checkLimit(operation.limit)
    else written.push({ start: operation.key, end })
  }
  // Sorted by start, two overlapping spans imply an overlapping pair of neighbours.
  written.sort((a, b) => compareBytes(a.start, b.start))
  for (const [at, span] of written.entries()) {
    const next = written[at + 1]
    if (next !== undefined && covers(span, next.start)) refuse('A transaction writes a key at most once')
  }
}

/** The size of a request as its bound counts it. */
export function requestBytes(transaction: Transaction): number {
  let bytes = storeFramingBytes
  for (const compare of transaction.if ?? []) {
    bytes += storeFramingBytes + compare.key.length
    if (compare.kind === 'value') bytes += compare.value.length
    if (compare.kind === 'empty') bytes += compare.end.length
  }
  for (const operation of [...transaction.then, ...(transaction.else ?? [])]) {
    bytes += storeFramingBytes + operation.key.length
    bytes += operation.kind === 'put' ? operation.value.length : (operation.end?.length ?? 0)
  }
  return bytes
}

export function checkTransaction(transaction: Transaction): void {
  checkCompares(transaction.if ?? [])
  checkBranch(transaction.then)
  checkBranch(transaction.else ?? [])
  if (requestBytes(transaction) > storeRequestBytesMax) {
    refuse(`A transaction has at most ${storeRequestBytesMax} bytes of keys and values`)
  }
}
