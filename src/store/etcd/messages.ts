/** Converts the port's requests and results to etcd's messages, and back. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Compare, CommitResult, Entry, Operation, Revision, Transaction } from '../store.ts'
import type { KeyValue, ResponseHeader, TxnRequestSchema, TxnResponse } from './generated/kv_pb.ts'
import type { CompareSchema, RequestOpSchema } from './generated/kv_pb.ts'

export type TxnInit = MessageInitShape<typeof TxnRequestSchema>

/** Values of etcd's enumerations. */
export const sortDescending = 2
export const eventDelete = 1
const targetCreate = 1
const targetMod = 2
const targetValue = 3

export function revisionOf(header: ResponseHeader | undefined): Revision {
  return Number(header?.revision ?? 0n)
}

/** Copies, so that one kept entry does not keep the whole answer alive. */
export function entryOf(kv: KeyValue): Entry {
  return {
    key: new Uint8Array(kv.key),
    value: new Uint8Array(kv.value),
    createRevision: Number(kv.createRevision),
    modRevision: Number(kv.modRevision),
  }
}

/** @param revision what its reads see; 0: the newest */
export function encodeTransaction(transaction: Transaction, revision: Revision): TxnInit {
  return {
    compare: (transaction.if ?? []).map(encodeCompare),
    success: transaction.then.map((operation) => encodeOperation(operation, revision)),
    failure: (transaction.else ?? []).map((operation) => encodeOperation(operation, revision)),
  }
}

export function decodeResult(response: TxnResponse): CommitResult {
  const reads = response.responses.flatMap(({ response: { case: kind, value } }) =>
    kind === 'responseRange' ? [value.kvs.map(entryOf)] : [],
  )
  return { ok: response.succeeded, revision: revisionOf(response.header), reads }
}

function encodeCompare(compare: Compare): MessageInitShape<typeof CompareSchema> {
  const { key } = compare
  switch (compare.kind) {
    case 'revision':
      return { key, target: targetMod, targetUnion: { case: 'modRevision', value: BigInt(compare.modRevision) } }
    case 'value':
      return { key, target: targetValue, targetUnion: { case: 'value', value: compare.value } }
    case 'empty':
      // An empty range compares as one key that was never created; any key in it has a higher revision.
      return { key, rangeEnd: compare.end, target: targetCreate, targetUnion: { case: 'createRevision', value: 0n } }
  }
}

function encodeOperation(operation: Operation, revision: Revision): MessageInitShape<typeof RequestOpSchema> {
  const { key } = operation
  switch (operation.kind) {
    case 'put': {
      const lease = operation.lease === undefined ? 0n : BigInt(operation.lease)
      return { request: { case: 'requestPut', value: { key, value: operation.value, lease } } }
    }
    case 'delete':
      return { request: { case: 'requestDeleteRange', value: { key, ...endOf(operation.end) } } }
    case 'read': {
      const { end, limit = 0, keysOnly = false } = operation
      const value = { key, ...endOf(end), limit: BigInt(limit), keysOnly, revision: BigInt(revision) }
      return { request: { case: 'requestRange', value } }
    }
  }
}

function endOf(end: Uint8Array | undefined): { rangeEnd?: Uint8Array } {
  return end === undefined ? {} : { rangeEnd: end }
}
