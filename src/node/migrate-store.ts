/**
 * Moves everything from one store into another: the embedded one into a cluster.
 *
 *  1. The new store gets a note that a move with this id is under way.
 *  2. The old store's `incarnation` becomes `moved:<id>,<address>`: every write to it compares that key, so all fail.
 *  3. Every record is copied, created only if absent.
 *  4. Both stores are read side by side: every record of the old one stands in the new one, byte for byte.
 *  5. The new store's own incarnation appears, in one transaction that takes the note away: now it lives.
 *
 * Each step may be interrupted anywhere and done again; `moveStore` with the same stores goes on. Until step 5 has
 * happened, `abortMove` gives the old store back its life: it takes the note away first, without which nobody can
 * finish, and the note is only ever written before step 2. Presence under a lease is left behind.
 */
import { compareBytes, equalBytes, fromHex, prefixEnd, textOf, utf8, type Bytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import { storeFramingBytes, storeOperationsMax, storeRequestBytesMax } from '../base/limits.ts'
import type { Entry, Operation, Store } from '../store/store.ts'

export interface MoveOptions {
  /** Where the new store is, for whoever opens the old one afterwards. */
  readonly address: string
  /** The new store's incarnation, 32 hexadecimal digits; a move that goes on keeps the one that it began with. */
  readonly id: string
  readonly onProgress?: (progress: MoveProgress) => void
  readonly signal?: AbortSignal
}

export interface MoveProgress {
  readonly step: 'copy' | 'verify'
  readonly records: number
  readonly total: number
}

export interface MoveResult {
  readonly records: number
  /** The new store's incarnation. */
  readonly id: string
}

/** As the protocol names it: a random id of a store's life. */
export const incarnationKey = utf8('incarnation')
/** The old store's own incarnation, while it is marked as moved. */
const beforeKey = utf8('move/before')
const noteKey = (id: string): Bytes => utf8(`move/${id}`)
export const moveRange = { start: utf8('move/'), end: prefixEnd(utf8('move/')) }
const everything = { start: Uint8Array.of(0), end: Uint8Array.of(0xff) }

const pageEntries = 1000
/** Half of what a request may hold. */
const batchBytesMax = storeRequestBytesMax / 2

/** What a store's incarnation says when it was moved away: where to; undefined for a store that lives. */
export function movedTo(incarnation: Uint8Array): { readonly id: string; readonly address: string } | undefined {
  const match = /^moved:([0-9a-f]+),(.*)$/s.exec(Buffer.from(incarnation).toString('latin1'))
  if (match === null) return undefined
  return { id: match[1] ?? '', address: textOf(incarnation).slice(`moved:${match[1]},`.length) }
}

/** @throws not-a-store when there is nothing to move, or the new store lives already; tampering when a copy differs */
export async function moveStore(from: Store, to: Store, options: MoveOptions): Promise<MoveResult> {
  const { signal } = options
  const { id, address, before } = await beginning(from, options)
  const living = await read(to, incarnationKey, signal)
  if (living !== undefined && !equalBytes(living.value, fromHex(id))) {
    throw new ConclaveError('not-a-store', 'the new store has rooms and people of its own already', {
      hint: 'Move into a cluster that nobody has used yet.',
    })
  }
  if (living === undefined && before !== undefined) {
    await createIfAbsent(to, noteKey(id), utf8(address), signal)
    await markMoved(from, id, address, before, signal)
  }
  const total = await countRecords(from, signal)
  if (living === undefined) await copyRecords(from, to, total, options)
  await verifyRecords(from, to, total, options)
  if (living === undefined) await finish(to, id, address, signal)
  return { records: total, id }
}

/** Gives the old store back its life. @throws not-allowed when the new one lives already, usage when there is no move */
export async function abortMove(from: Store, to: Store, signal?: AbortSignal): Promise<void> {
  const incarnation = await read(from, incarnationKey, signal)
  const moved = incarnation && movedTo(incarnation.value)
  const before = await read(from, beforeKey, signal)
  if (incarnation === undefined || moved === undefined || before === undefined) {
    throw new ConclaveError('usage', 'this store is not being moved', { hint: 'There is nothing to revert.' })
  }
  const { ok } = await to.commit(
    {
      if: [{ kind: 'revision', key: incarnationKey, modRevision: 0 }],
      then: [{ kind: 'delete', key: noteKey(moved.id) }],
    },
    signal,
  )
  if (!ok) {
    throw new ConclaveError('not-allowed', 'the move is complete: the new store lives', {
      hint: `Use the store at ${moved.address}.`,
    })
  }
  await from.commit(
    {
      if: [{ kind: 'value', key: incarnationKey, value: incarnation.value }],
      then: [
        { kind: 'put', key: incarnationKey, value: before.value },
        { kind: 'delete', key: beforeKey },
      ],
    },
    signal,
  )
}

interface Beginning {
  readonly id: string
  readonly address: string
  /** The old store's incarnation, when it still lives. */
  readonly before: Entry | undefined
}

/** A move that is under way is taken up; it can't change its goal. */
async function beginning(from: Store, options: MoveOptions): Promise<Beginning> {
  const incarnation = await read(from, incarnationKey, options.signal)
  if (incarnation === undefined) {
    throw new ConclaveError('not-a-store', 'there is nothing to move: nobody has used this store', {
      hint: 'Start the node without --from-local.',
    })
  }
  const moved = movedTo(incarnation.value)
  if (moved === undefined) return { id: options.id, address: options.address, before: incarnation }
  return { ...moved, before: undefined }
}

async function markMoved(
  from: Store,
  id: string,
  address: string,
  before: Entry | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (before === undefined) return
  const { ok } = await from.commit(
    {
      if: [{ kind: 'value', key: incarnationKey, value: before.value }],
      then: [
        { kind: 'put', key: incarnationKey, value: utf8(`moved:${id},${address}`) },
        { kind: 'put', key: beforeKey, value: before.value },
      ],
    },
    signal,
  )
  if (!ok) throw new ConclaveError('unavailable', 'somebody else is moving this store just now', { retryable: true })
}

async function copyRecords(from: Store, to: Store, total: number, { onProgress, signal }: MoveOptions): Promise<void> {
  let records = 0
  for await (const page of pages(from, signal)) {
    for (const batch of batches(page)) {
      const then = batch.map(({ key, value }): Operation => ({ kind: 'put', key, value }))
      const absent = batch.map(({ key }) => ({ kind: 'revision', key, modRevision: 0 }) as const)
      const { ok } = await to.commit({ if: absent, then }, signal)
      // Some of them were copied by an attempt before: those are compared when all is verified.
      if (!ok) for (const { key, value } of batch) await createIfAbsent(to, key, value, signal)
      records += batch.length
      onProgress?.({ step: 'copy', records, total })
    }
  }
}

/** The new store may hold more (tickets, what clients wrote since); never less, never other bytes. */
async function verifyRecords(
  from: Store,
  to: Store,
  total: number,
  { onProgress, signal }: MoveOptions,
): Promise<void> {
  const copies = entriesOf(to, signal)
  let records = 0
  for await (const page of pages(from, signal)) {
    for (const { key, value } of page) {
      const copy = await seek(copies, key)
      if (copy === undefined || !equalBytes(copy.value, value)) {
        throw new ConclaveError('tampering', `the copy of a record ${copy === undefined ? 'is missing' : 'differs'}`, {
          hint: 'Revert with `conclave node start --from-local --abort`, then move into an empty cluster.',
        })
      }
      records += 1
    }
    onProgress?.({ step: 'verify', records, total })
  }
  if (records !== total)
    throw new ConclaveError('unavailable', 'the store changed while it was moved', { retryable: true })
}

async function finish(to: Store, id: string, address: string, signal?: AbortSignal): Promise<void> {
  const { ok } = await to.commit(
    {
      if: [
        { kind: 'revision', key: incarnationKey, modRevision: 0 },
        { kind: 'value', key: noteKey(id), value: utf8(address) },
      ],
      then: [
        { kind: 'put', key: incarnationKey, value: fromHex(id) },
        { kind: 'delete', key: moveRange.start, end: moveRange.end },
      ],
    },
    signal,
  )
  const now = await read(to, incarnationKey, signal)
  if (ok || (now !== undefined && equalBytes(now.value, fromHex(id)))) return
  throw new ConclaveError(
    'not-allowed',
    'the move was aborted, or somebody used the new store before it was complete',
    {
      hint: 'To have the old store back: `conclave node start --from-local --abort`.',
    },
  )
}

/** Pages of what is to be moved, in key order. */
async function* pages(store: Store, signal?: AbortSignal): AsyncGenerator<readonly Entry[]> {
  let start: Uint8Array = everything.start
  for (;;) {
    const { entries, more } = await store.range(start, everything.end, { limit: pageEntries }, signal)
    yield entries.filter(({ key }) => isRecord(key))
    const last = entries.at(-1)
    if (!more || last === undefined) return
    start = Uint8Array.of(...last.key, 0)
  }
}

async function* entriesOf(store: Store, signal?: AbortSignal): AsyncGenerator<Entry> {
  for await (const page of pages(store, signal)) yield* page
}

/** The entry at `key`; those before it are passed over. */
async function seek(entries: AsyncGenerator<Entry>, key: Uint8Array): Promise<Entry | undefined> {
  for (;;) {
    const next: IteratorResult<Entry, unknown> = await entries.next()
    if (next.done === true) return undefined
    const order = compareBytes(next.value.key, key)
    if (order === 0) return next.value
    if (order > 0) return undefined
  }
}

/** The move's own keys stay where they are; presence ends with its lease. */
function isRecord(key: Uint8Array): boolean {
  if (equalBytes(key, incarnationKey)) return false
  const text = Buffer.from(key).toString('latin1')
  return !text.startsWith('move/') && !/^rooms\/[0-9a-f]+\/here\//.test(text)
}

async function countRecords(store: Store, signal?: AbortSignal): Promise<number> {
  let total = 0
  for await (const page of pages(store, signal)) total += page.length
  return total
}

/** As many at a time as one transaction holds. */
function* batches(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let batch: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    // The key stands twice: in the operation and in its compare.
    const size = 2 * entry.key.length + entry.value.length + 2 * storeFramingBytes
    if (batch.length === storeOperationsMax || (batch.length > 0 && bytes + size > batchBytesMax)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(entry)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

async function createIfAbsent(store: Store, key: Uint8Array, value: Uint8Array, signal?: AbortSignal): Promise<void> {
  await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
}

async function read(store: Store, key: Uint8Array, signal?: AbortSignal): Promise<Entry | undefined> {
  const { reads } = await store.commit({ then: [{ kind: 'read', key }] }, signal)
  return reads[0]?.[0]
}
