/**
 * A room as its control chain makes it: members, rights, the epoch in force, and who was a member when, so that any past
 * message can be judged. Immutable; `fold.ts` makes the next one. Versions share what they have in common: a change costs
 * the logarithm of what the room holds, never a copy.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import type { List, OrderedMap } from 'immutable'
import type { EpochOpening } from './epoch.ts'
import type { RoomPolicy } from './operation.ts'

export interface Member {
  /** Ordinal of acceptance, never reused: locates their wrap in a page. */
  readonly index: number
  readonly name: string
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
  /** The root key they were accepted under: message ids are derived from it, so that they survive a rekey. */
  readonly firstRootKey: Bytes
  readonly admin: boolean
}

/** Open until it is taken up, withdrawn by a kick, or its inviter is gone. */
export interface Invitation {
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
  readonly name: string
  /** Index of the member who invited. */
  readonly by: number
}

/** From `from` (exclusive: the record that let them in) up to `until` (inclusive: the record that ended it) in the log. */
export interface Tenure {
  readonly member: Member
  readonly from: number
  readonly until: number
}

/** A valid control record, as a landmark of the log. */
export interface ControlMark {
  readonly i: number
  readonly hash: Bytes
  /** In force from here on. */
  readonly epoch: number
  readonly version: number
  /** Index of the member who wrote it, and whether they were an admin then. */
  readonly author: number
  readonly byAdmin: boolean
}

/** A part of the log whose control records an epoch recovery skipped. Its records are still judged as they were then. */
export interface Skipped {
  /** Index of the record that opened the skipped epoch (exclusive), and of the recovery (inclusive). */
  readonly after: number
  readonly upTo: number
  /** As the reader knew it at the recovery. */
  readonly room: Room
}

export interface Room {
  readonly id: Bytes
  readonly version: number
  readonly suite: number
  readonly name: string
  readonly topic: string
  readonly policy: RoomPolicy
  /** By index n. The last one is the head. */
  readonly marks: List<ControlMark>
  readonly epoch: number
  /** By epoch. A skipped epoch has none. */
  readonly openings: List<Opening | undefined>
  /** By root key (hexadecimal), in order of acceptance. */
  readonly members: OrderedMap<string, Member>
  readonly nextIndex: number
  readonly invitations: OrderedMap<string, Invitation>
  /** Ids of knocks that were answered (hexadecimal): a knock serves once. */
  readonly answered: OrderedMap<string, true>
  /** By root key: the control record by which they last left or were kicked. */
  readonly departures: OrderedMap<string, Departure>
  /** By root key. */
  readonly tenures: OrderedMap<string, List<Tenure>>
  readonly skipped: List<Skipped>
}

export interface Opening extends EpochOpening {
  /** The control record that opens the epoch. */
  readonly n: number
  /** The epoch that its link leads back to; itself for genesis. */
  readonly under: number
  readonly wraps: Bytes
}

/** A retired key was replaced by its owner: it never comes back. */
export interface Departure {
  readonly n: number
  readonly kind: 'left' | 'kicked' | 'retired'
  readonly name: string
  readonly by: string
}

export const stillIn = Number.MAX_SAFE_INTEGER

export function headOf(room: Room): ControlMark {
  const head = room.marks.last()
  if (head === undefined) throw new Error('a room has a genesis record')
  return head
}

/** The room by which log index i is judged: itself, or what it was before an epoch recovery after i skipped that part. */
export function roomJudging(room: Room, i: number): Room {
  const part = lastBefore(room.skipped, i, ({ after }) => after)
  return part === undefined || part.upTo < i ? room : roomJudging(part.room, i)
}

export function memberByKey(room: Room, rootKey: Bytes): Member | undefined {
  return room.members.get(hex(rootKey))
}

/** The control record in force at log index i: the newest one before it. */
export function markBefore(room: Room, i: number): ControlMark | undefined {
  return lastBefore(room.marks, i, (mark) => mark.i)
}

/** Who held this root key as a member when log/i was written. */
export function memberAt(room: Room, rootKey: Bytes, i: number): Member | undefined {
  const tenure = lastBefore(room.tenures.get(hex(rootKey)), i, ({ from }) => from)
  return tenure === undefined || tenure.until < i ? undefined : tenure.member
}

/** The last item that starts before log index i, of items sorted by where they start. */
function lastBefore<T>(items: List<T> | undefined, i: number, startOf: (item: T) => number): T | undefined {
  let low = 0
  let high = items?.size ?? 0
  while (low < high) {
    const middle = (low + high) >> 1
    if (startOf(items?.get(middle) as T) < i) low = middle + 1
    else high = middle
  }
  return low === 0 ? undefined : items?.get(low - 1)
}

export function allTenures(room: Room): readonly Tenure[] {
  return [...room.tenures.values()].flatMap((tenures) => [...tenures])
}

export function adminsOf(room: Room): readonly Member[] {
  return [...room.members.values()].filter((member) => member.admin)
}

/** n of the valid control record with this hash. Searched from the end, where nearly all questions lie. */
export function ordinalOf(room: Room, hash: Bytes): number | undefined {
  const n = room.marks.findLastIndex((mark) => equalBytes(mark.hash, hash))
  return n < 0 ? undefined : n
}

export function mayAccept(room: Room, member: Member): boolean {
  return member.admin || room.policy.acceptBy === 'members'
}

/** The room, and what its epoch recoveries skipped. */
export function withSkipped(room: Room): readonly Room[] {
  return [room, ...[...room.skipped].flatMap((part) => withSkipped(part.room))]
}
