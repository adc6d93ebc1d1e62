/**
 * Who may do what: each operation's rule and what it makes of the room, as numbered in docs/protocol.md.
 * Every function here takes the room before the record and throws VoidRecord when its rule does not hold.
 */
import { List } from 'immutable'
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { membersMax } from '../base/limits.ts'
import { hash } from '../crypto/hash.ts'
import { verify } from '../crypto/sign.ts'
import { decodeKnock, knockId, type Knock } from './knock.ts'
import type { Operation } from './operation.ts'
import { entryTagBytes, type ControlHeader, type Entry } from './record.ts'
import {
  adminsOf,
  headOf,
  mayAccept,
  memberByKey,
  ordinalOf,
  stillIn,
  type Departure,
  type Member,
  type Room,
  type Tenure,
} from './room.ts'
import { labels } from './version.ts'
import { require } from './verdict.ts'

/** Where the record is. */
export interface Place {
  readonly i: number
  readonly n: number
  readonly header: ControlHeader
  /** The record's signatures were verified before: that of a knock in it need not be again. */
  readonly signaturesKnownGood?: boolean
}

type Rule<T extends Operation['type']> = (
  room: Room,
  author: Member | undefined,
  authorKey: Bytes,
  operation: Extract<Operation, { type: T }>,
  place: Place,
) => Room

export function apply(room: Room, authorKey: Bytes, operation: Operation, place: Place): Room {
  const author = memberByKey(room, authorKey)
  const rule = rules[operation.type] as Rule<Operation['type']>
  return rule(room, author, authorKey, operation, place)
}

export function invitationTag(roomId: Bytes, rootKey: Bytes): Bytes {
  return hash(labels.invitation, roomId, rootKey).slice(0, entryTagBytes)
}

/**
 * Whether an admin may recover from the epoch that the head of `base` opened. Not its author: they could give one reader a
 * bad wrap, and later lead that reader past their own demotion.
 */
export function checkEpochRecovery(base: Room, authorKey: Bytes): void {
  const author = memberByKey(base, authorKey)
  require(author?.admin === true, 'author was not an admin then')
  const own = headOf(base).author === author.index
  require(!own || adminsOf(base).length === 1, "the author of an epoch can't recover it")
}

const rules: { readonly [T in Operation['type']]: Rule<T> } = {
  create() {
    require(false, 'a room can be created only once')
  },

  accept(room, author, authorKey, operation, place) {
    const knock = readKnock(operation.knock, place.signaturesKnownGood)
    const id = knockId(operation.knock)
    require(equalBytes(knock.roomId, room.id), 'knock for another room')
    require(!room.answered.has(hex(id)), 'knock already answered')
    require(isEntry(place.header.entry, id, true), 'entry does not fit the knock')
    const answered = room.answered.set(hex(id), true)

    const present = memberByKey(room, knock.rootKey)
    if (present !== undefined) {
      require(author !== undefined, 'author is not a member')
      require(equalBytes(present.wrapKey, knock.wrapKey), 'a new wrap key requires a rekey')
      return { ...room, answered }
    }

    const key = hex(knock.rootKey)
    const invitation = room.invitations.get(key)
    const invited = equalBytes(authorKey, knock.rootKey) && invitation !== undefined
    require(invited || (author !== undefined && mayAccept(room, author)), 'author may not accept')
    require(!invited || equalBytes(invitation.wrapKey, knock.wrapKey), 'not the invited key')
    checkReturn(room, knock.rootKey, invited || author?.admin === true)
    const seen = ordinalOf(room, knock.head)
    require(seen !== undefined && seen >= (room.departures.get(key)?.n ?? 0), 'knock older than the departure')
    checkNewWrapKey(room, knock.wrapKey, knock.rootKey)
    checkPlaceFor(room, key)
    const member: Member = {
      index: room.nextIndex,
      name: knock.name,
      rootKey: knock.rootKey,
      wrapKey: knock.wrapKey,
      firstRootKey: knock.rootKey,
      admin: room.policy.kind === 'pair',
    }
    return enter({ ...room, answered }, member, place.i)
  },

  reject(room, author, _key, operation, place) {
    require(author !== undefined && mayAccept(room, author), 'author may not reject')
    require(!room.answered.has(hex(operation.knockId)), 'knock already answered')
    require(isEntry(place.header.entry, operation.knockId, false), 'entry does not fit the knock')
    return { ...room, answered: room.answered.set(hex(operation.knockId), true) }
  },

  invite(room, author, _key, operation, place) {
    require(author !== undefined && mayAccept(room, author), 'author may not invite')
    require(memberByKey(room, operation.rootKey) === undefined, 'already a member')
    checkReturn(room, operation.rootKey, author.admin)
    checkNewWrapKey(room, operation.wrapKey, operation.rootKey)
    const key = hex(operation.rootKey)
    checkPlaceFor(room, key)
    const standing = room.invitations.get(key)
    require(standing === undefined || author.admin || standing.by === author.index, 'invited by another member')
    const { tag } = place.header.entry as Entry
    require(equalBytes(tag, invitationTag(room.id, operation.rootKey)), 'entry does not fit the invitation')
    require(place.header.entry?.wrapped !== null, 'invitation without a key')
    const { rootKey, wrapKey, name } = operation
    const invitation = { rootKey, wrapKey, name, by: author.index }
    return { ...room, invitations: room.invitations.set(key, invitation) }
  },

  kick(room, author, authorKey, { rootKey }, place) {
    require(author?.admin === true, 'author is not an admin')
    require(room.policy.kind === 'group', 'a direct message has no kick')
    require(!equalBytes(rootKey, authorKey), "members can't kick themselves")
    const key = hex(rootKey)
    const target = room.members.get(key)
    require(target !== undefined || room.invitations.has(key), 'no such member')
    const name = target?.name ?? room.invitations.get(key)?.name ?? ''
    const departure = { n: place.n, kind: 'kicked', name, by: author.name } as const
    if (target !== undefined) return depart(room, target, departure, place.i)
    // An invitation is withdrawn. From now on only an admin can let that key in.
    const departures = room.departures.set(key, departure)
    return { ...room, departures, invitations: room.invitations.delete(key) }
  },

  leave(room, author, _key, _operation, place) {
    require(author !== undefined, 'author is not a member')
    return depart(room, author, { n: place.n, kind: 'left', name: author.name, by: author.name }, place.i)
  },

  rotate(room, author) {
    require(author?.admin === true, 'author is not an admin')
    return room
  },

  rekey(room, author, authorKey, { rootKey, wrapKey, proof }, place) {
    require(author !== undefined, 'author is not a member')
    require(!room.tenures.has(hex(rootKey)) && !room.departures.has(hex(rootKey)), 'root key used before')
    checkNewWrapKey(room, wrapKey, authorKey)
    require(!equalBytes(wrapKey, author.wrapKey), 'wrap key used before')
    const proven = verify(rootKey, labels.rekey, [room.id, authorKey, rootKey, wrapKey], proof)
    require(proven, "the new key's proof is invalid")
    const retired = { n: place.n, kind: 'retired', name: author.name, by: author.name } as const
    return enter(end(room, author, retired, place.i), { ...author, rootKey, wrapKey }, place.i)
  },

  promote: (room, author, _key, { rootKey }, place) => setAdmin(room, author, rootKey, true, place.i),

  demote: (room, author, _key, { rootKey }, place) => setAdmin(room, author, rootKey, false, place.i),

  policy(room, author, _key, { acceptBy, listed, rotateDays, version }) {
    require(author?.admin === true, 'author is not an admin')
    require(version >= room.version, "a room can't go back to an older version")
    return { ...room, version, policy: { ...room.policy, acceptBy, listed, rotateDays } }
  },

  topic(room, author, _key, { topic }) {
    require(author !== undefined, 'author is not a member')
    return { ...room, topic }
  },

  repair(room, author, _key, { epoch }, place) {
    require(author !== undefined, 'author is not a member')
    const opening = room.openings.get(epoch)
    const [link] = place.header.links
    require(opening !== undefined && opening.under !== epoch, 'no such link')
    const fits = link !== undefined && equalBytes(link.of, opening.confirm) && link.to === opening.under
    require(fits, 'link does not fit')
    return room
  },
}

function readKnock(bytes: Bytes, signatureKnownGood = false): Knock {
  try {
    return decodeKnock(bytes, signatureKnownGood)
  } catch (error) {
    if (error instanceof FormatError) require(false, error.message)
    throw error
  }
}

function isEntry(entry: Entry | null, id: Bytes, wrapped: boolean): boolean {
  return entry !== null && equalBytes(entry.tag, id.slice(0, entryTagBytes)) && (entry.wrapped !== null) === wrapped
}

/** A retired key never comes back; after a kick only an admin lets the key in again. */
function checkReturn(room: Room, rootKey: Bytes, byAdmin: boolean): void {
  const departure = room.departures.get(hex(rootKey))
  require(departure?.kind !== 'retired', 'this key was replaced by its owner')
  require(departure?.kind !== 'kicked' || byAdmin, 'only an admin can readmit a removed member')
}

function checkNewWrapKey(room: Room, wrapKey: Bytes, owner: Bytes): void {
  const isTaken = (other: { readonly wrapKey: Bytes; readonly rootKey: Bytes }) =>
    equalBytes(other.wrapKey, wrapKey) && !equalBytes(other.rootKey, owner)
  for (const other of room.members.values()) require(!isTaken(other), 'wrap key belongs to someone else')
  for (const other of room.invitations.values()) require(!isTaken(other), 'wrap key belongs to someone else')
}

/** Whether there is room for this key; a direct message has two seats, and the second is taken for good. */
function checkPlaceFor(room: Room, key: string): void {
  const invited = room.invitations.size - (room.invitations.has(key) ? 1 : 0)
  const pair = room.policy.kind === 'pair'
  require(room.members.size + invited < (pair ? 2 : membersMax), 'the room is full')
  require(!pair || room.nextIndex < 2 || room.tenures.has(key), 'a direct message has two members')
}

function setAdmin(room: Room, author: Member | undefined, rootKey: Bytes, admin: boolean, i: number): Room {
  require(author?.admin === true, 'author is not an admin')
  const target = memberByKey(room, rootKey)
  require(target !== undefined, 'no such member')
  require(target.admin !== admin, admin ? 'already an admin' : 'not an admin')
  require(admin || adminsOf(room).length > 1, 'a room needs an admin')
  return become(room, { ...target, admin }, i)
}

/** Ends one tenure and begins another at the same record: the same member, otherwise. */
function become(room: Room, member: Member, i: number): Room {
  const key = hex(member.rootKey)
  const tenures = withTenure(endTenure(room, key, i), key, member, i)
  return { ...room, tenures, members: room.members.set(key, member) }
}

export function enter(room: Room, member: Member, i: number): Room {
  const key = hex(member.rootKey)
  return {
    ...room,
    members: room.members.set(key, member),
    invitations: room.invitations.delete(key),
    tenures: withTenure(room.tenures, key, member, i),
    nextIndex: Math.max(room.nextIndex, member.index + 1),
  }
}

/** A member is gone, and their open invitations with them: those could lead back to the member. */
function depart(room: Room, member: Member, departure: Departure, i: number): Room {
  let { invitations } = room
  for (const [key, { by }] of room.invitations) if (by === member.index) invitations = invitations.delete(key)
  const gone = { ...end(room, member, departure, i), invitations }
  // The last admin is gone: the longest-standing member takes over.
  if (adminsOf(gone).length > 0) return gone
  const [heir] = [...gone.members.values()].sort((a, b) => a.index - b.index)
  return heir === undefined ? gone : become(gone, { ...heir, admin: true }, i)
}

/** A key is no longer a member's. */
function end(room: Room, { rootKey }: Member, departure: Departure, i: number): Room {
  const key = hex(rootKey)
  const departures = room.departures.set(key, departure)
  return { ...room, members: room.members.delete(key), tenures: endTenure(room, key, i), departures }
}

function withTenure(tenures: Room['tenures'], key: string, member: Member, i: number): Room['tenures'] {
  return tenures.set(key, (tenures.get(key) ?? List<Tenure>()).push({ member, from: i, until: stillIn }))
}

function endTenure({ tenures }: Room, key: string, i: number): Room['tenures'] {
  const own = tenures.get(key)
  const last = own?.last()
  return own === undefined || last?.until !== stillIn ? tenures : tenures.set(key, own.set(-1, { ...last, until: i }))
}
