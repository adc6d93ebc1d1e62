/**
 * Reading a room from the records, the wrap pages and one's wrap keys alone, as a fresh device does: secrets are gathered
 * from entries, pages and links until no more come, and only then is anything judged.
 */
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import type { Unwrapper, Wrapped } from '../../src/crypto/wrap.ts'
import { foldChain, type ControlRecord } from '../../src/protocol/chain.ts'
import { foldControl } from '../../src/protocol/fold.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { openMessages } from '../../src/protocol/message.ts'
import { decodeRecord, recordHash, type LogRecord } from '../../src/protocol/record.ts'
import type { Room } from '../../src/protocol/room.ts'
import type { ControlVerdict } from '../../src/protocol/verdict.ts'
import { decodeWrapPage, unwrapSecret } from '../../src/protocol/wraps.ts'
import type { Verdict } from './room-builder.ts'

export interface Source {
  readonly roomId: Bytes
  readonly log: readonly Bytes[]
  pageFor(wraps: Bytes, index: number): Bytes | undefined
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

/** A fresh device: all wrap keys that its owner ever had in this room, the records, and the pages. */
export async function readAll(
  source: Source,
  unwrappers: readonly Unwrapper[],
  keyring = new Keyring(),
): Promise<Reading> {
  const records = placed(source.log)
  const controls = records.flatMap(({ place, record }): ControlRecord[] =>
    record?.kind === 'control' ? [{ place, outer: record.outer }] : [],
  )
  const outsides = controls.map(({ outer }) => outer.outside)
  const openings = outsides.flatMap(({ epoch, previousHead: before, confirm }) =>
    confirm === null ? [] : [{ epoch, before, confirm }],
  )
  const tried = new Set<string>()

  const tryWrap = async (at: number, own: Unwrapper, wrapped: Wrapped): Promise<void> => {
    const name = `${at} ${hex(own.publicKey)} ${hex(wrapped.ciphertext)}`
    if (tried.has(name)) return
    tried.add(name)
    const { n, previousHead, epoch } = outsides[at] as (typeof outsides)[number]
    const secret = await unwrapSecret({ roomId: source.roomId, n, previousHead, epoch }, own, wrapped)
    if (secret === undefined) return
    for (const opening of openings) if (opening.epoch === epoch) keyring.addSecret(source.roomId, opening, secret)
  }

  for (const [at, { entry }] of outsides.entries()) {
    for (const own of unwrappers) if (entry?.wrapped) await tryWrap(at, own, entry.wrapped)
  }
  let known = -1
  while (known < keyring.all().length) {
    known = keyring.all().length
    keyring.walkBack(source.roomId, outsides)
    const { room } = foldChain(source.roomId, controls, keyring)
    for (const [at, { wraps }] of outsides.entries()) {
      if (wraps === null) continue
      for (const index of indicesOf(room, unwrappers)) {
        const page = source.pageFor(wraps, index)
        const wrapped = page && decodeWrapPage(page).get(index)
        for (const own of unwrappers) if (wrapped) await tryWrap(at, own, wrapped)
      }
    }
  }
  const { room, verdicts } = foldChain(source.roomId, controls, keyring)
  return { room, keyring, verdicts: judge(source, records, room, keyring, verdicts) }
}

/** Where one's wraps may stand: under any index that one of the keys ever had here, or behind the members while invited. */
function indicesOf(room: Room | undefined, unwrappers: readonly Unwrapper[]): ReadonlySet<number> {
  if (room === undefined) return new Set([0])
  const keys = new Set(unwrappers.map(({ publicKey }) => hex(publicKey)))
  const indices = new Set<number>()
  for (const tenures of room.tenures.values()) {
    for (const { member } of tenures) if (keys.has(hex(member.wrapKey))) indices.add(member.index)
  }
  for (let k = 0; k <= room.invitations.size; k += 1) indices.add(room.nextIndex + k)
  return indices
}

/** As a reader of one page does: the chain is folded whole before the first message is judged. */
function judge(
  { roomId: _ }: Source,
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
export function readInOrder(source: Source, keyring: Keyring): Reading {
  let room: Room | undefined
  const controls: ControlRecord[] = []
  const verdicts = placed(source.log).map(({ place, record }): Verdict => {
    if (record === undefined) return { kind: 'void', reason: 'no record' }
    if (record.kind === 'message') {
      return room ? openMessages(room, place, record.outer, keyring) : { kind: 'locked', epoch: 0 }
    }
    let verdict = foldControl(source.roomId, room, place, record.outer, keyring)
    if (verdict.kind === 'rewind' && room) {
      const upTo = room.marks[verdict.n]?.i ?? 0
      const base = foldChain(
        source.roomId,
        controls.filter((c) => c.place.i <= upTo),
        keyring,
      ).room
      verdict = foldControl(source.roomId, room, place, record.outer, keyring, false, base)
    }
    controls.push({ place, outer: record.outer })
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
