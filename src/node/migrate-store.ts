/**
 * Migrates an embedded store into a cluster: (1) the new store gets a note with the migration's id; (2) the old store's
 * `incarnation` becomes `moved:ID,ADDRESS`, which fails every write to it; (3) every record is copied, created only if
 * absent; (4) both stores are compared byte for byte; (5) one transaction sets the new store's incarnation and deletes the
 * note. Each step can be interrupted and repeated. Until step 5 `abortMigration` restores the old store.
 */
import { compareBytes, equalBytes, fromHex, prefixEnd, textOf, utf8, type Bytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import { storeFramingBytes, storeOperationsMax, storeRequestBytesMax } from '../base/limits.ts'
import type { Entry, Operation, Store } from '../store/store.ts'

export interface MigrationOptions {
  /** The new store's address, shown to those who open the old one later. */
  readonly address: string
  /** The new store's incarnation, 32 hexadecimal digits; a resumed migration keeps its first one. */
  readonly id: string
  readonly onProgress?: (progress: MigrationProgress) => void
  readonly signal?: AbortSignal
}

export interface MigrationProgress {
  readonly step: 'copy' | 'verify'
  readonly records: number
  readonly total: number
}

export interface MigrationResult {
  readonly records: number
  /** The new store's incarnation. */
  readonly id: string
}

/** Random id of one life of a store (protocol/paths.ts). */
export const incarnationKey = utf8('incarnation')
/** The old store's incarnation before it was marked as moved. */
const beforeKey = utf8('move/before')
const noteKey = (id: string): Bytes => utf8(`move/${id}`)
export const migrationRange = { start: utf8('move/'), end: prefixEnd(utf8('move/')) }
const everything = { start: Uint8Array.of(0), end: Uint8Array.of(0xff) }

const pageEntries = 1000
const batchBytesMax = storeRequestBytesMax / 2

/** Where a store was migrated to, according to its incarnation; undefined for a store in use. */
export function migratedTo(incarnation: Uint8Array): { readonly id: string; readonly address: string } | undefined {
  const match = /^moved:([0-9a-f]+),(.*)$/s.exec(Buffer.from(incarnation).toString('latin1'))
  if (match === null) return undefined
  return { id: match[1] ?? '', address: textOf(incarnation).slice(`moved:${match[1]},`.length) }
}

/** @throws not-a-store when there is nothing to migrate, or the new store is in use; tampering when a copy differs */
export async function migrateStore(from: Store, to: Store, options: MigrationOptions): Promise<MigrationResult> {
  const { signal } = options
  const { id, address, before } = await beginOrResume(from, options)
  const live = await read(to, incarnationKey, signal)
  if (live !== undefined && !equalBytes(live.value, fromHex(id))) {
    throw new ConclaveError('not-a-store', 'The new store is already in use', {
      hint: 'Move into a cluster that is still empty.',
    })
  }
  if (live === undefined && before !== undefined) {
    await createIfAbsent(to, noteKey(id), utf8(address), signal)
    await markMoved(from, id, address, before, signal)
  }
  const total = await countRecords(from, signal)
  if (live === undefined) await copyRecords(from, to, total, options)
  await verifyRecords(from, to, total, options)
  if (live === undefined) await finish(to, id, address, signal)
  return { records: total, id }
}

/** Restores the old store. @throws not-allowed once the new one is in use, usage when no migration is under way */
export async function abortMigration(from: Store, to: Store, signal?: AbortSignal): Promise<void> {
  const incarnation = await read(from, incarnationKey, signal)
  const moved = incarnation && migratedTo(incarnation.value)
  const before = await read(from, beforeKey, signal)
  if (incarnation === undefined || moved === undefined || before === undefined) {
    throw new ConclaveError('usage', 'This store is not being moved', { hint: 'There is nothing to revert.' })
  }
  const { ok } = await to.commit(
    {
      if: [{ kind: 'revision', key: incarnationKey, modRevision: 0 }],
      then: [{ kind: 'delete', key: noteKey(moved.id) }],
    },
    signal,
  )
  if (!ok) {
    throw new ConclaveError('not-allowed', 'The move is complete: the new store is in use', {
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

interface Migration {
  readonly id: string
  readonly address: string
  /** The old store's incarnation; undefined for a resumed migration. */
  readonly before: Entry | undefined
}

/** A resumed migration keeps its target. */
async function beginOrResume(from: Store, options: MigrationOptions): Promise<Migration> {
  const incarnation = await read(from, incarnationKey, options.signal)
  if (incarnation === undefined) {
    throw new ConclaveError('not-a-store', 'There is nothing to move: this store has never been used', {
      hint: 'Start the node without --from-local.',
    })
  }
  const moved = migratedTo(incarnation.value)
  if (moved === undefined) return { id: options.id, address: options.address, before: incarnation }
  return { ...moved, before: undefined }
}

async function markMoved(from: Store, id: string, address: string, before: Entry, signal?: AbortSignal): Promise<void> {
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
  if (!ok) throw new ConclaveError('unavailable', 'Another process is migrating this store', { retryable: true })
}

async function copyRecords(
  from: Store,
  to: Store,
  total: number,
  { onProgress, signal }: MigrationOptions,
): Promise<void> {
  let records = 0
  for await (const page of pages(from, signal)) {
    for (const batch of batches(page)) {
      const then = batch.map(({ key, value }): Operation => ({ kind: 'put', key, value }))
      const absent = batch.map(({ key }) => ({ kind: 'revision', key, modRevision: 0 }) as const)
      const present = batch.map(({ key }) => ({ kind: 'read', key }) as const)
      const { ok, reads } = await to.commit({ if: absent, then, else: present }, signal)
      // An earlier attempt copied some of them; verification compares those.
      const missing = ok ? [] : batch.filter((_, at) => reads[at]?.length === 0)
      for (const { key, value } of missing) await createIfAbsent(to, key, value, signal)
      records += batch.length
      onProgress?.({ step: 'copy', records, total })
    }
  }
}

/** The new store may contain more (tickets, clients' writes since), but nothing missing and nothing different. */
async function verifyRecords(
  from: Store,
  to: Store,
  total: number,
  { onProgress, signal }: MigrationOptions,
): Promise<void> {
  const copies = entriesOf(to, signal)
  let records = 0
  for await (const page of pages(from, signal)) {
    for (const { key, value } of page) {
      const copy = await seek(copies, key)
      if (copy === undefined || !equalBytes(copy.value, value)) {
        throw new ConclaveError('tampering', `The copy of a record ${copy === undefined ? 'is missing' : 'differs'}`, {
          hint: 'Revert with `conclave node start --from-local --abort`, then move into an empty cluster.',
        })
      }
      records += 1
    }
    onProgress?.({ step: 'verify', records, total })
  }
  if (records !== total)
    throw new ConclaveError('unavailable', 'The store changed during the move', { retryable: true })
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
        { kind: 'delete', key: migrationRange.start, end: migrationRange.end },
      ],
    },
    signal,
  )
  const now = await read(to, incarnationKey, signal)
  if (ok || (now !== undefined && equalBytes(now.value, fromHex(id)))) return
  throw new ConclaveError('not-allowed', 'The move was aborted, or the new store was used before it was complete', {
    hint: 'To return to the old store: `conclave node start --from-local --abort`.',
  })
}

/** Pages of the records to migrate, in key order. */
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

/** Skips to the entry at `key`. */
async function seek(entries: AsyncGenerator<Entry>, key: Uint8Array): Promise<Entry | undefined> {
  for (;;) {
    const next: IteratorResult<Entry, unknown> = await entries.next()
    if (next.done === true) return undefined
    const order = compareBytes(next.value.key, key)
    if (order === 0) return next.value
    if (order > 0) return undefined
  }
}

/** Not the migration's own keys, nor presence, which ends with its lease. */
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

/** As large as a transaction may be. */
function* batches(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let batch: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    // The key appears in its compare and in either branch.
    const size = 3 * entry.key.length + entry.value.length + 3 * storeFramingBytes
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
