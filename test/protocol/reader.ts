/**
 * Reading a room from the records, the wrap pages and one's wrap keys alone, as a fresh device does: secrets are gathered
 * from entries, pages and links, and only then is anything judged.
 */
import { equalBytes, type Bytes } from '../../src/base/bytes.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import type { Unwrapper, Wrapped } from '../../src/crypto/wrap.ts'
import { foldChain, type ControlRecord } from '../../src/protocol/chain.ts'
import { epochOfSeed } from '../../src/protocol/epoch.ts'
import { foldControl } from '../../src/protocol/fold.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { openMessages } from '../../src/protocol/message.ts'
import { decodeRecord, recordHash, type ControlHeader, type LogRecord } from '../../src/protocol/record.ts'
import type { Room } from '../../src/protocol/room.ts'
import type { ControlVerdict } from '../../src/protocol/verdict.ts'
import { decodeWrapPage, unwrapSecret } from '../../src/protocol/wraps.ts'
import type { Verdict } from './room-builder.ts'

export interface Source {
  readonly roomId: Bytes
  readonly log: readonly Bytes[]
  /** The pages of a name. */
  pagesOf(wraps: Bytes): readonly Bytes[]
}

export interface Reading {
  readonly room: Room | undefined
  readonly keyring: Keyring
  readonly verdicts: readonly Verdict[]
}

interface Placed {
  readonly place: { readonly i: number; readonly previousHash: Bytes; readonly hash: Bytes }
  readonly record: LogRecord | undefined
}

export function placed(log: readonly Bytes[]): Placed[] {
  return log.map((bytes, i) => {
    const previous = log[i - 1]
    const place = { i, previousHash: previous ? recordHash(previous) : zeroHash, hash: recordHash(bytes) }
    try {
      return { place, record: decodeRecord(bytes) }
    } catch {
      return { place, record: undefined }
    }
  })
}

/**
 * A fresh device: all wrap keys that its owner ever had in this room, the records, and the pages. It tries every row of
 * them, as a reader does who does not know their index; one who does gets there sooner.
 */
export async function readAll(
  source: Source,
  unwrappers: readonly Unwrapper[],
  keyring = new Keyring(),
): Promise<Reading> {
  const { roomId } = source
  const records = placed(source.log)
  const controls = records.flatMap(({ place, record }): ControlRecord[] =>
    record?.kind === 'control' ? [{ place, outer: record.outer }] : [],
  )
  const headers = controls.map(({ outer }) => outer.header)
  const openings = headers.flatMap((header) =>
    header.confirm === null ? [] : [{ ...header, before: header.previousHead, confirm: header.confirm }],
  )

  const tryWrap = async ({ n, previousHead, epoch }: ControlHeader, wrapped: Wrapped): Promise<void> => {
    for (const own of unwrappers) {
      const secret = await unwrapSecret({ roomId, n, previousHead, epoch }, own, wrapped)
      if (secret === undefined) continue
      const keys = epochOfSeed(roomId, epoch, secret)
      if (keys !== undefined && openings.some(({ confirm }) => equalBytes(confirm, keys.confirm))) keyring.add(keys)
      for (const opening of openings) if (opening.epoch === epoch) keyring.addSecret(roomId, opening, secret)
    }
  }

  for (const header of headers) if (header.entry?.wrapped) await tryWrap(header, header.entry.wrapped)
  keyring.walkBack(roomId, headers)
  // From the newest epoch back: what a link leads to need not be looked for in pages.
  for (const opening of openings.sort((x, y) => y.epoch - x.epoch)) {
    if (opening.wraps === null || keyring.get(opening) !== undefined) continue
    for (const page of source.pagesOf(opening.wraps)) {
      for (const wrapped of decodeWrapPage(page).values()) await tryWrap(opening, wrapped)
    }
    keyring.walkBack(roomId, headers)
  }
  const { room, verdicts } = foldChain(roomId, controls, keyring)
  return { room, keyring, verdicts: judge(records, room, keyring, verdicts) }
}

/** As a reader of one page does: the chain is folded whole before the first message is judged. */
function judge(
  records: readonly Placed[],
  room: Room | undefined,
  keyring: Keyring,
  controls: readonly ControlVerdict[],
): Verdict[] {
  let next = 0
  return records.map(({ place, record }): Verdict => {
    if (record === undefined) return { kind: 'void', reason: 'no record' }
    if (record.kind === 'control') return controls[next++] as ControlVerdict
    if (room === undefined) return { kind: 'locked', epoch: 0 }
    return openMessages(room, place, record.outer, keyring)
  })
}

/** As a client that was there all the time: each record is judged by the room as it was when the record came. */
export function readInOrder(source: Pick<Source, 'roomId' | 'log'>, keyring: Keyring): Reading {
  let room: Room | undefined
  const verdicts = placed(source.log).map(({ place, record }): Verdict => {
    if (record === undefined) return { kind: 'void', reason: 'no record' }
    if (record.kind === 'message') {
      return room ? openMessages(room, place, record.outer, keyring) : { kind: 'locked', epoch: 0 }
    }
    const verdict = foldControl(source.roomId, room, place, record.outer, keyring)
    if (verdict.kind === 'valid') room = verdict.room
    return verdict
  })
  return { room, keyring, verdicts }
}

/** What two readers are compared by: void, locked, or what a valid record says. */
export function summary(verdict: Verdict): string {
  if (verdict.kind !== 'valid') return verdict.kind
  if ('room' in verdict) return `valid ${verdict.body.operation.type} by ${verdict.author.name}`
  const { inside, author } = verdict
  return `valid ${author.name}: ${JSON.stringify(inside.contents.map((c) => ('text' in c ? c.text : c.type)))}`
}
