/**
 * Reading the newest end of a log before the rest. Backwards from the end to a record that vouches for everything before
 * it: the one that let this person in, whose author had read the whole log; or a head that this person has seen himself.
 * Every control record from there on is found in the log itself. From there back to genesis each is named by the hash in
 * its successor, and the hints are good for speed alone.
 *
 * Gives up where anything is out of the ordinary (a hole, a key that is not to be had, a way out of a garbage epoch):
 * then the log is read from its beginning, as ever.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { tailPreviewRecords, logPageRecords, sliceMs, spanRecordsMax } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Keyring } from '../../protocol/keyring.ts'
import { logKey, numberOf } from '../../protocol/paths.ts'
import { entryTagBytes, recordHash } from '../../protocol/record.ts'
import { memberByKey } from '../../protocol/room.ts'
import { invitationTag } from '../../protocol/rules.ts'
import type { Entry, Store } from '../../store/store.ts'
import type { ControlLog, ReadControl } from './control-log.ts'
import { TailPreview, type ReadRecords } from './tail-preview.ts'
import type { Identity } from '../identity/identity.ts'
import { openingOf, type KeySearch } from './key-search.ts'
import { Ledger } from './ledger.ts'
import { findLogEnd, type LogEnd } from './log-end.ts'
import { recordsAmong } from './log-page.ts'
import { Seen } from '../replica/seen.ts'

export interface OpeningPreview {
  readonly store: Store
  readonly roomId: Bytes
  readonly identity: Identity
  readonly controls: ControlLog
  readonly keys: KeySearch
  readonly keyring: Keyring
  readonly memberIndex: number | undefined
}

/** undefined also where little more than a page follows what is known, which ends at `from`. */
export async function openTailPreview(
  parts: OpeningPreview,
  from: number,
  signal?: AbortSignal,
): Promise<TailPreview | undefined> {
  const { store, roomId, controls, keys, keyring, memberIndex } = parts
  // Whoever was here a moment ago has little to read, and is not to wait for hints.
  if (from > 0 && (await findLogEnd(store, roomId, from, signal)).end - from <= logPageRecords) return undefined
  const hinted = await controls.hinted(signal)
  const hinting = controls.readHinted(hinted, signal)
  hinting.catch(() => undefined)
  const { end, revision } = await findEnd(parts, from, hinted.at(-1) ?? 0, signal)
  if (end - from <= logPageRecords) return undefined
  const read = reader(store, roomId)
  const stretch = await readBack(parts, read, end, signal)
  await hinting
  const oldest = stretch?.controls[0]
  if (stretch === undefined || oldest === undefined) return undefined
  const leading = await controls.leadingTo(oldest.outer.header, signal)
  if (leading === undefined) return undefined
  // The newest epoch's secret, and by the links back from there the first one's.
  const openings = [...leading, ...stretch.controls].flatMap(({ outer }) => openingOf(outer.header))
  for (const opening of [...openings.slice(-1), ...openings.slice(0, 1)]) {
    await keys.search(opening, memberIndex, signal)
  }
  const ledger = new Ledger(roomId, new Seen(roomId), keyring)
  const verified = new Set<string>()
  if (!(await folds(ledger, [...leading, oldest], true, verified))) return undefined
  if (!(await folds(ledger, stretch.controls.slice(1), false, verified))) return undefined
  const { room } = ledger
  if (room === undefined || !room.skipped.isEmpty()) return undefined
  if (memberByKey(room, parts.identity.signer.publicKey) === undefined) return undefined
  ledger.goOnAt({ next: end, hash: stretch.hash, seq: 1 })
  const preview = new TailPreview(ledger, verified, revision, read)
  await preview.prime(stretch.newest)
  return preview
}

/** The end is hardly before what the newest hint leads to, unless that leads astray. */
async function findEnd(
  { store, roomId }: OpeningPreview,
  from: number,
  hint: number,
  signal?: AbortSignal,
): Promise<LogEnd> {
  if (hint <= from) return findLogEnd(store, roomId, from, signal)
  const found = await findLogEnd(store, roomId, hint, signal)
  return found.end > hint ? found : findLogEnd(store, roomId, from, signal)
}

function reader(store: Store, roomId: Bytes): ReadRecords {
  return async (from, to, signal) => {
    const { entries } = await store.range(logKey(roomId, from), logKey(roomId, to), {}, signal)
    const records = recordsAmong(entries)
    return records.length === to - from ? records : undefined
  }
}

interface Stretch {
  /** Oldest first: from the one that vouches, or genesis, to the newest; all in their places by the hash before them. */
  readonly controls: readonly ReadControl[]
  /** Of the last record. */
  readonly hash: Bytes
  /** The newest records, and the one before them. */
  readonly newest: readonly Entry[]
}

async function readBack(
  { roomId, identity, controls }: OpeningPreview,
  read: ReadRecords,
  end: number,
  signal?: AbortSignal,
): Promise<Stretch | undefined> {
  const { knockHash, head } = identity.room(roomId) ?? {}
  const tags = [
    invitationTag(roomId, identity.signer.publicKey),
    ...(knockHash ? [knockHash.slice(0, entryTagBytes)] : []),
  ]
  const isTrustAnchor = ({ hash, outer }: ReadControl): boolean => {
    const { entry } = outer.header
    if (head && equalBytes(hash, head.hash)) return true
    return entry !== null && entry.wrapped !== null && tags.some((tag) => equalBytes(entry.tag, tag))
  }
  const found: ReadControl[] = []
  let newest: readonly Entry[] = []
  // With the one before them a page of the store.
  let count = logPageRecords - 1
  for (let to = end; to > 0;) {
    const from = Math.max(0, to - count)
    // And the one before, whose hash the first names.
    const records = await read(Math.max(0, from - 1), to, signal)
    if (records === undefined) return undefined
    if (to === end) newest = records.slice(-tailPreviewRecords - 1)
    for (let k = records.length - 1; k >= (from === 0 ? 0 : 1); k -= 1) {
      const { key, value } = records[k] as Entry
      const control = controls.note(numberOf(key), value)
      if (control === undefined || !isInPlace(control, records[k - 1])) continue
      found.push(control)
      if (isTrustAnchor(control)) return stretchOf(found, newest)
    }
    to = from
    count = Math.min(count * 2, spanRecordsMax)
  }
  return stretchOf(found, newest)
}

function stretchOf(newestFirst: readonly ReadControl[], newest: readonly Entry[]): Stretch | undefined {
  const last = newest.at(-1)
  return last && { controls: newestFirst.toReversed(), hash: recordHash(last.value), newest }
}

function isInPlace({ i, outer: { header } }: ReadControl, before: Entry | undefined): boolean {
  return header.i === i && equalBytes(header.previousHash, before === undefined ? zeroHash : recordHash(before.value))
}

/** Whether every one of them can be judged; and, where all must be valid, is. */
async function folds(
  ledger: Ledger,
  controls: readonly ReadControl[],
  allValid: boolean,
  verified: Set<string>,
): Promise<boolean> {
  let sliceEnds = performance.now() + sliceMs
  for (const { i, hash, outer } of controls) {
    const { kind } = ledger.fold(i, hash, outer, false)
    if (kind === 'locked' || (allValid && kind !== 'control')) return false
    if (kind === 'control') verified.add(hex(hash))
    if (performance.now() < sliceEnds) continue
    await turn()
    sliceEnds = performance.now() + sliceMs
  }
  return true
}
