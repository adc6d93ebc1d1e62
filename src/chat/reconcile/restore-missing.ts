/**
 * Restores records that the store has lost: byte for byte, in order, only where nothing is there. Any member's client
 * does it; if several do, each record is written once.
 */
import type { Bytes } from '../../base/bytes.ts'
import { encode, FormatError } from '../../base/codec.ts'
import { replicaBatchBytes, storeOperationsMax } from '../../base/limits.ts'
import { controlKey, logKey, wrapPageKey } from '../../protocol/paths.ts'
import { decodeRecord } from '../../protocol/record.ts'
import type { Compare, Operation, Revision } from '../../store/store.ts'
import type { CompareParts, Span } from './compare-with-store.ts'
import { sameStoreIdentity, type StoreIdentity } from '../connection/store-identity.ts'
import { readOne } from '../../store/read-one.ts'
import type { Row } from '../replica/row.ts'
import type { KeptWraps } from '../replica/kept-wraps.ts'

export interface RestoreParts extends CompareParts {
  readonly incarnation: StoreIdentity
  readonly wraps: KeptWraps
}

/** Each a record, and for a control record its index hint. */
const rowsMax = storeOperationsMax / 2

/** False if another client was faster: compare again. */
export async function restoreMissing(
  parts: RestoreParts,
  { from, to }: Span,
  progress: (records: number) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  const { store, roomId, replica, incarnation } = parts
  let before = await revisionBefore(parts, from, signal)
  if (before === undefined) return false
  for (let at = from; at < to;) {
    const rows = fitting(await replica.rows(at, Math.min(to, at + rowsMax), rowsMax))
    if (rows.length === 0) return false
    // Before the record that names them.
    for (const { bytes, n } of rows) {
      const name = n === null ? undefined : wrapsOf(bytes)
      if (name !== undefined) await restoreWraps(parts, name, signal)
    }
    const compares: Compare[] = [
      sameStoreIdentity(await incarnation.known()),
      { kind: 'empty', key: logKey(roomId, at), end: logKey(roomId, at + rows.length) },
      ...(at === 0 ? [] : [{ kind: 'revision', key: logKey(roomId, at - 1), modRevision: before } as const]),
    ]
    const puts = rows.flatMap((row) => operationsOf(roomId, row))
    const { ok, revision } = await store.commit({ if: compares, then: puts }, signal)
    if (!ok) return false
    before = revision
    at += rows.length
    progress(rows.length)
  }
  return true
}

/** The revision of the record before, if it is the one that this home knows. */
async function revisionBefore({ store, roomId, replica }: CompareParts, from: number, signal?: AbortSignal) {
  if (from === 0) return 0 satisfies Revision
  const entry = await readOne(store, logKey(roomId, from - 1), signal)
  const known = entry !== undefined && (await replica.holds(from - 1, entry.value)) === true
  return known ? entry.modRevision : undefined
}

function fitting(rows: readonly Row[]): readonly Row[] {
  let bytes = 0
  const count = rows.findIndex((row) => (bytes += row.bytes.length) > replicaBatchBytes)
  return count === -1 ? rows : rows.slice(0, count + 1)
}

function operationsOf(roomId: Bytes, { i, n, bytes }: Row): Operation[] {
  const put: Operation = { kind: 'put', key: logKey(roomId, i), value: bytes }
  return n === null ? [put] : [put, { kind: 'put', key: controlKey(roomId, n), value: encode(i) }]
}

export type RestoreWrapsParts = Pick<RestoreParts, 'store' | 'roomId' | 'wraps' | 'incarnation'>

/** What this home keeps of these pages. */
export async function restoreWraps(parts: RestoreWrapsParts, name: Bytes, signal?: AbortSignal): Promise<void> {
  const { store, roomId, wraps, incarnation } = parts
  for (const { page, bytes: value } of await wraps.pagesOf(name)) {
    const key = wrapPageKey(roomId, name, page)
    await store.commit(
      {
        if: [sameStoreIdentity(await incarnation.known()), { kind: 'revision', key, modRevision: 0 }],
        then: [{ kind: 'put', key, value }],
      },
      signal,
    )
  }
}

/** The name of the wrap pages of the epoch that a record opens. */
function wrapsOf(record: Bytes): Bytes | undefined {
  try {
    const decoded = decodeRecord(record)
    return decoded.kind === 'control' ? (decoded.outer.header.wraps ?? undefined) : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
