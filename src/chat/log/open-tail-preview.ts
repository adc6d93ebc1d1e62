/**
 * Reads the newest end of a log before the rest: backwards from the end to a trust anchor, which is the record that let
 * this person in (its author had read the whole log) or a head that this person has verified before. After the anchor
 * every control record is read; before it each is named by its successor's hash. Hints are only for speed.
 *
 * Gives up on anything unusual (a hole, a missing key, an epoch recovery): the log is then read from its beginning.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import {
  logPageBytesMax,
  logPageRecords,
  sliceMs,
  spanBytesMax,
  spanRecordsMax,
  tailPreviewRecords,
} from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { Keyring } from '../../protocol/keyring.ts'
import { logKey, numberOf } from '../../protocol/paths.ts'
import { entryTagBytes, recordHash } from '../../protocol/record.ts'
import { memberByKey } from '../../protocol/room.ts'
import { invitationTag } from '../../protocol/rules.ts'
import type { Entry, Store } from '../../store/store.ts'
import type { ControlLog, ReadControl } from '../replay/control-log.ts'
import { TailPreview, type ReadRecords } from './tail-preview.ts'
import type { Identity } from '../identity/identity.ts'
import { openingOf, type KeySearch } from '../replay/key-search.ts'
import { LogState } from '../replay/log-state.ts'
import { findLogEnd, type LogEnd } from './log-end.ts'
import { recordsAmong } from '../replay/log-page.ts'
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

/** Also undefined when little more than a page follows the known part, which ends at `from`. */
export async function openTailPreview(
  parts: OpeningPreview,
  from: number,
  signal?: AbortSignal,
): Promise<TailPreview | undefined> {
  const { store, roomId, controls, keys, keyring, memberIndex } = parts
  // After a short absence there is little to read: don't wait for hints.
  if (from > 0 && (await findLogEnd(store, roomId, from, signal)).end - from <= logPageRecords) return undefined
  const hinted = await controls.hinted(signal)
  const hinting = controls.readHinted(hinted, signal)
  hinting.catch(() => undefined)
  const { end, revision } = await findEnd(parts, from, hinted.at(-1) ?? 0, signal)
  if (end - from <= logPageRecords) return undefined
  const read = reader(store, roomId)
  const tail = await readBack(parts, read, end, signal)
  await hinting
  const oldest = tail?.controls[0]
  if (tail === undefined || oldest === undefined) return undefined
  const leading = await controls.leadingTo(oldest.outer.header, signal)
  if (leading === undefined) return undefined
  // The newest epoch's secret and, through the links back from there, the first one's.
  const openings = [...leading, ...tail.controls].flatMap(({ outer }) => openingOf(roomId, outer.header))
  for (const opening of [...openings.slice(-1), ...openings.slice(0, 1)]) {
    await keys.search(opening, memberIndex, signal)
  }
  const state = new LogState(roomId, new Seen(roomId), keyring)
  const verified = new Set<string>()
  if (!(await folds(state, [...leading, oldest], true, verified))) return undefined
  if (!(await folds(state, tail.controls.slice(1), false, verified))) return undefined
  const { room } = state
  if (room === undefined || room.recoveries > 0) return undefined
  if (memberByKey(room, parts.identity.signer.publicKey) === undefined) return undefined
  state.goOnAt({ next: end, hash: tail.hash, seq: 1 })
  const preview = new TailPreview(state, verified, revision, read)
  await preview.prime(tail.newest)
  return preview
}

/** The end is hardly before what the newest hint points at, unless the hint is false. */
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
    const options = { limit: to - from, bytesMax: spanBytesMax }
    const { entries } = await store.range(logKey(roomId, from), logKey(roomId, to), options, signal)
    const records = recordsAmong(entries)
    return records.length === to - from ? records : undefined
  }
}

interface Tail {
  /** Oldest first, from the trust anchor or genesis to the newest; all positions confirmed by predecessor hashes. */
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
): Promise<Tail | undefined> {
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
  // Together with the record before them, one page of the store.
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
      if (isTrustAnchor(control)) return tailOf(found, newest)
    }
    to = from
    // Twice as many next time, unless these were large.
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0)
    count = Math.min(bytes > logPageBytesMax ? logPageRecords : count * 2, spanRecordsMax)
  }
  return tailOf(found, newest)
}

function tailOf(newestFirst: readonly ReadControl[], newest: readonly Entry[]): Tail | undefined {
  const last = newest.at(-1)
  return last && { controls: newestFirst.toReversed(), hash: recordHash(last.value), newest }
}

function isInPlace({ i, outer: { header } }: ReadControl, before: Entry | undefined): boolean {
  return header.i === i && equalBytes(header.previousHash, before === undefined ? zeroHash : recordHash(before.value))
}

/** Whether each of them can be judged and, where all must be valid, is valid. */
async function folds(
  state: LogState,
  controls: readonly ReadControl[],
  allValid: boolean,
  verified: Set<string>,
): Promise<boolean> {
  let sliceEnds = performance.now() + sliceMs
  for (const { i, hash, outer } of controls) {
    const { kind } = state.fold(i, hash, outer, false)
    if (kind === 'locked' || (allValid && kind !== 'control')) return false
    if (kind === 'control') verified.add(hex(hash))
    if (performance.now() < sliceEnds) continue
    await turn()
    sliceEnds = performance.now() + sliceMs
  }
  return true
}
