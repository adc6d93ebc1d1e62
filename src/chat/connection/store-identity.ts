/**
 * The identity of a store: a random id (its incarnation) that every write compares, so that nothing is written to a
 * store that was restored from a backup, or moved, before its clients have noticed. Clients keep using a restored store
 * once they have restored what it lost; a moved one is closed.
 */
import { emptyBytes, textOf, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, storeConflict } from '../../base/errors.ts'
import type { Random } from '../../crypto/random.ts'
import { incarnationKey, formerIncarnationKey } from '../../protocol/paths.ts'
import type { Compare, Revision, Store } from '../../store/store.ts'
import { readOne } from '../../store/read-one.ts'

export interface StoreIdentity {
  /**
   * The store's incarnation as this process knows it; the first call asks the store. @throws unavailable; closed for a
   * store that has moved
   */
  known(): Promise<Bytes>
  /** The incarnation just read from the store. @throws closed for a store that has moved */
  found(value: Bytes | undefined): void
  /** A revision just read from the store. */
  saw(revision: Revision): void
}

const incarnationBytes = 16
const movedPrefix = 'moved:'

/**
 * Reads the store's incarnation; a new store gets one. @throws closed for a moved store, with the new address as a hint
 */
export async function readIncarnation(store: Store, random: Random, signal?: AbortSignal): Promise<Bytes> {
  // Read first: a store that is full refuses any transaction that might write.
  const known = await readOne(store, incarnationKey, signal)
  if (known !== undefined) return checkedIdentity(known.value)
  const { ok, reads } = await store.commit(
    {
      if: [{ kind: 'revision', key: incarnationKey, modRevision: 0 }],
      then: [
        { kind: 'put', key: incarnationKey, value: random(incarnationBytes) },
        { kind: 'read', key: incarnationKey },
      ],
      else: [{ kind: 'read', key: incarnationKey }],
    },
    signal,
  )
  const value = reads[0]?.[0]?.value
  if (value === undefined) throw new ConclaveError('unexpected', `The store did not take its identity (${ok})`)
  return checkedIdentity(value)
}

function checkedIdentity(value: Bytes): Bytes {
  checkNotMoved(value)
  return value
}

/** Holds while the store is the one that this client knows. */
export function sameStoreIdentity(incarnation: Bytes): Compare {
  return { kind: 'value', key: incarnationKey, value: incarnation }
}

/**
 * For restoring a store from a backup: gives it a new incarnation and records the old one, by which clients still
 * recognise it as theirs.
 */
export async function renewStoreIdentity(store: Store, random: Random, signal?: AbortSignal): Promise<void> {
  const entry = await readOne(store, incarnationKey, signal)
  if (entry === undefined) return
  checkNotMoved(entry.value)
  const { ok } = await store.commit(
    {
      if: [{ kind: 'value', key: incarnationKey, value: entry.value }],
      then: [
        { kind: 'put', key: incarnationKey, value: random(incarnationBytes) },
        { kind: 'put', key: formerIncarnationKey(entry.value), value: emptyBytes },
      ],
    },
    signal,
  )
  if (!ok) throw storeConflict()
}

/** The store is at another address for good. */
export class StoreMoved extends ConclaveError {
  constructor(address: string) {
    super('closed', 'This store has moved', {
      hint:
        address === '' ? 'Ask the person who moved it for the new address.' : `Use its new address: --store ${address}`,
    })
  }
}

/** @throws StoreMoved when the value says so */
export function checkNotMoved(value: Bytes): void {
  const text = safeText(value)
  if (!text.startsWith(movedPrefix)) return
  const address = text.slice(movedPrefix.length).split(',').slice(1).join(',')
  throw new StoreMoved(address)
}

function safeText(value: Bytes): string {
  try {
    return textOf(value)
  } catch {
    return ''
  }
}
