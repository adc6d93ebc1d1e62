/**
 * One control record on top of a room: the next room, or the reason why the record is void. Pure: the same room, place,
 * bytes and epoch secrets give the same verdict on every machine. Wraps, links, the registry, pins and clocks play no part.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { List, Map, OrderedMap } from 'immutable'
import { hash, zeroHash } from '../crypto/hash.ts'
import { openControl, type ControlBody } from './control.ts'
import type { Keyring } from './keyring.ts'
import { hasEntry, opensEpoch, policyValue, type Operation, type OperationType } from './operation.ts'
import type { ControlOuter, ControlHeader } from './record.ts'
import { memberByKey, roomAfter, type AdminAct, type Member, type Opening, type Room } from './room.ts'
import { apply, checkEpochRecovery, enter } from './rules.ts'
import { followsAnother, VoidRecord, require, type ControlVerdict } from './verdict.ts'
import { labels, protocolVersion, suiteHybrid1 } from './version.ts'
import { wrapsName } from './wraps.ts'

/** A record's place: its index, the hash of the record before it, and its own. */
export interface RecordPlace {
  readonly i: number
  readonly previousHash: Bytes
  readonly hash: Bytes
}

type Create = Extract<Operation, { type: 'create' }>

export function roomIdOf(creatorRootKey: Bytes, { wrapKey, policy, nonce }: Create): Bytes {
  return hash(labels.room, protocolVersion, suiteHybrid1, creatorRootKey, wrapKey, policyValue(policy), nonce)
}

/** `room` is undefined for genesis. `signatureKnownGood` skips what this reader has verified before. */
export function foldControl(
  roomId: Bytes,
  room: Room | undefined,
  place: RecordPlace,
  outer: ControlOuter,
  keyring: Keyring,
  signatureKnownGood = false,
): ControlVerdict {
  try {
    return room === undefined
      ? foldGenesis(roomId, place, outer, keyring, signatureKnownGood)
      : foldNext(room, place, outer, keyring, signatureKnownGood)
  } catch (error) {
    if (error instanceof VoidRecord || error instanceof FormatError) return { kind: 'void', reason: error.message }
    throw error
  }
}

function foldGenesis(
  roomId: Bytes,
  place: RecordPlace,
  outer: ControlOuter,
  keyring: Keyring,
  signatureKnownGood: boolean,
): ControlVerdict {
  const { header } = outer
  // What follows a genesis that this reader can't open can't be judged either.
  if (place.i > 0) return { kind: 'locked', epoch: 0 }
  checkPlace(header, place)
  require(header.version === protocolVersion, 'unknown version')
  require(header.i === 0 && header.n === 0 && header.previousHeadIndex === 0, 'genesis is the first record')
  require(equalBytes(header.previousHead, zeroHash), 'genesis follows nothing')
  require(header.epoch === 0 && header.under === 0, 'genesis opens epoch 0')
  require(header.confirm !== null, 'genesis opens epoch 0')
  const keys = keyring.get({ epoch: 0, before: zeroHash, confirm: header.confirm })
  if (keys === undefined) return { kind: 'locked', epoch: 0 }
  const body = openControl(roomId, keys, outer, signatureKnownGood)
  const { operation, author: rootKey } = body
  require(operation.type === 'create', 'genesis creates the room')
  checkShape(roomId, header, 'create')
  require(equalBytes(roomIdOf(rootKey, operation), roomId), 'not the genesis of this room')
  const { name, wrapKey, policy, roomName } = operation
  const empty: Room = {
    id: roomId,
    version: header.version,
    suite: header.suite,
    name: roomName,
    topic: '',
    policy,
    marks: List(),
    epoch: 0,
    openings: List(),
    members: OrderedMap(),
    nextIndex: 0,
    invitations: OrderedMap(),
    answered: OrderedMap(),
    departures: OrderedMap(),
    tenures: OrderedMap(),
    past: List(),
    arrived: Map(),
    opened: Map(),
    recoveries: 0,
    adminActs: [],
  }
  const creator: Member = { index: 0, name, rootKey, wrapKey, firstRootKey: rootKey, admin: true }
  return { kind: 'valid', room: mark(enter(empty, creator, 0), place, outer, body, creator), body, author: creator }
}

function foldNext(
  room: Room,
  place: RecordPlace,
  outer: ControlOuter,
  keyring: Keyring,
  signatureKnownGood: boolean,
): ControlVerdict {
  const { header } = outer
  checkPlace(header, place)
  const from = continues(room, header)
  if (from === undefined) {
    // Without the secret in force a reader can't tell: it may follow records that they can't open.
    if (keyring.get(room.openings.get(room.epoch)) === undefined) return { kind: 'locked', epoch: room.epoch }
    require(false, 'does not follow the head')
  }
  require(header.version === room.version && header.version === protocolVersion, 'unknown version')
  const keys = keyring.get(room.openings.get(header.under))
  if (keys === undefined) return { kind: 'locked', epoch: header.under }
  const body = openControl(room.id, keys, outer, signatureKnownGood)
  const { operation, author: authorKey } = body
  const author = memberByKey(room, authorKey) ?? guest(room, body)
  require(author !== undefined, 'author is not a member')
  checkShape(room.id, header, operation.type)

  const at = { i: place.i, n: header.n, header, signaturesKnownGood: signatureKnownGood }
  if (header.under === room.marks.get(from)?.epoch) {
    const next = apply(room, authorKey, operation, at)
    return { kind: 'valid', room: mark(next, place, outer, body, author, room), body, author }
  }
  require(author.admin && operation.type !== 'rekey' && opensEpoch(operation.type), 'not an epoch recovery')
  const byAnother = room.adminActs.find((act) => act.author !== author.index)
  require(byAnother === undefined || byAnother.n <= from, "undoes another admin's change")
  const next = apply(recoveryBase(room, from, authorKey), authorKey, operation, at)
  return { kind: 'valid', room: mark(next, place, outer, body, author, room), body, author }
}

/** The room that an epoch recovery applies to: as it was right after the record that opened the skipped epoch. */
function recoveryBase(room: Room, from: number, authorKey: Bytes): Room {
  const base = roomAfter(room, from) as Room
  checkEpochRecovery(base, authorKey)
  // The record at `from` opened the epoch that is in force in `base`.
  return { ...base, openings: base.openings.set(base.epoch, undefined), recoveries: room.recoveries + 1 }
}

/**
 * The n of the control record that this one follows: the head; or, for an epoch recovery, the record that opened a
 * garbage epoch, sealed under the epoch before that.
 */
function continues(room: Room, header: ControlHeader): number | undefined {
  const from = header.n - 1
  const previous = from < 0 ? undefined : room.marks.get(from)
  if (previous === undefined || !equalBytes(header.previousHead, previous.hash)) return undefined
  if (header.previousHeadIndex !== previous.i) return undefined
  if (from === room.marks.size - 1 && header.under === room.epoch) return from
  const opening = room.openings.get(previous.epoch)
  return opening?.n === from && from > 0 && header.under === opening.under ? from : undefined
}

/** A guest who takes up an invitation writes their own accept. */
function guest(room: Room, { operation, author }: ControlBody): Member | undefined {
  if (operation.type !== 'accept') return undefined
  const invitation = room.invitations.get(hex(author))
  return invitation && { ...invitation, index: room.nextIndex, firstRootKey: author, admin: false }
}

function checkPlace(header: ControlHeader, place: RecordPlace): void {
  require(header.suite === suiteHybrid1, 'unknown suite')
  require(header.i === place.i, 'written for another index')
  require(equalBytes(header.previousHash, place.previousHash), followsAnother)
}

/** Which header fields an operation has. */
function checkShape(roomId: Bytes, header: ControlHeader, type: OperationType): void {
  const opens = opensEpoch(type)
  require((header.confirm !== null) === opens &&
    (header.wraps !== null) === opens, 'opens an epoch where none may open, or none where one must')
  if (header.confirm !== null && header.wraps !== null) {
    require(equalBytes(header.wraps, wrapsName({ roomId, ...header }, header.confirm)), 'wraps of another epoch')
  }
  require((header.entry !== null) === hasEntry(type), 'entry missing or unexpected')
  require(header.links.length === (type === 'repair' || (opens && type !== 'create') ? 1 : 0), 'links do not fit')
  if (opens && type !== 'create') {
    const [link] = header.links
    const starts = link !== undefined && header.confirm !== null && equalBytes(link.of, header.confirm)
    require(starts && link.to === header.under, 'link does not lead to the previous epoch')
  }
}

function withAct(acts: readonly AdminAct[], act: AdminAct): readonly AdminAct[] {
  return [act, ...acts.filter(({ author }) => author !== act.author).slice(0, 1)]
}

/** Sets the landmark of a valid record, and the epoch that it opens. `before`: the room as it was on arrival. */
function mark(
  room: Room,
  place: RecordPlace,
  { header }: ControlOuter,
  { at }: ControlBody,
  author: Member,
  before?: Room,
): Room {
  const by = { author: author.index, byAdmin: author.admin, at }
  const landmark = { i: place.i, hash: place.hash, epoch: header.epoch, version: room.version, ...by }
  const history = {
    marks: room.marks.push(landmark),
    past: before === undefined ? room.past : before.past.push({ room: before, until: place.i }),
    arrived: (before ?? room).arrived.set(hex(place.hash), place.i),
    opened: (before ?? room).opened,
    adminActs: author.admin ? withAct(room.adminActs, { n: header.n, author: author.index }) : room.adminActs,
  }
  if (header.confirm === null || header.wraps === null) {
    require(header.epoch === room.epoch, 'epoch without an opening')
    return { ...room, ...history }
  }
  require(header.epoch === (header.n === 0 ? 0 : room.epoch + 1), 'epochs follow one another')
  const opening: Opening = {
    epoch: header.epoch,
    before: header.previousHead,
    confirm: header.confirm,
    n: header.n,
    under: header.under,
    wraps: header.wraps,
  }
  return {
    ...room,
    ...history,
    openings: room.openings.set(header.epoch, opening),
    opened: history.opened.update(header.epoch, List<Opening>(), (known) => known.push(opening)),
    epoch: header.epoch,
  }
}
