/**
 * A room as its control chain makes it: members, rights, the epoch in force, and who was a member when, so that any past
 * message can be judged. Immutable; `fold.ts` makes the next one. Versions share what they have in common: a change costs
 * the logarithm of what the room holds, never a copy.
 */
import { hex, type Bytes } from '../base/bytes.ts'
import type { List, Map, OrderedMap } from 'immutable'
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
  /** A claim: the author's clock, milliseconds. No verdict depends on it. */
  readonly at: number
}

/** The room by which a part of the log is judged: from the control record before (exclusive) … */
export interface Past {
  readonly room: Room
  /** … up to the next one that was valid on arrival (inclusive). */
  readonly until: number
}

export interface AdminAct {
  readonly n: number
  /** Index of the member. */
  readonly author: number
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
  /** One item for each control record but genesis, including those that an epoch recovery skipped later. */
  readonly past: List<Past>
  /** Indices of all control records that were valid on arrival, by hash (hexadecimal). */
  readonly arrived: Map<string, number>
  /** All openings, by epoch number: those that an epoch recovery skipped later, too. */
  readonly opened: Map<number, List<Opening>>
  /** How often an epoch was skipped. */
  readonly recoveries: number
  /** The newest record of the chain by an admin, and the newest by another admin than that one. */
  readonly adminActs: readonly AdminAct[]
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

/** The room by which log index i is judged, whatever an epoch recovery after i has skipped: as it was on arrival. */
export function roomJudging(room: Room, i: number): Room {
  const { past } = room
  const at = firstWhere(past, ({ until }) => until >= i)
  return past.get(at)?.room ?? room
}

/** The room right after control record n of its chain. */
export function roomAfter(room: Room, n: number): Room | undefined {
  const i = room.marks.get(n)?.i
  return i === undefined ? undefined : roomJudging(room, i + 1)
}

export function memberByKey(room: Room, rootKey: Bytes): Member | undefined {
  return room.members.get(hex(rootKey))
}

/** The control record in force at log index i: the newest one before it. */
export function markBefore(room: Room, i: number): ControlMark | undefined {
  return i > 0 ? headOf(roomJudging(room, i)) : undefined
}

/** Who held this root key as a member when log/i was written. */
export function memberAt(room: Room, rootKey: Bytes, i: number): Member | undefined {
  return i > 0 ? memberByKey(roomJudging(room, i), rootKey) : undefined
}

/** The position of the first item for which this holds, of items for which it holds from some position on. */
function firstWhere<T>(items: List<T>, holds: (item: T) => boolean): number {
  let low = 0
  let high = items.size
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(items.get(middle) as T)) high = middle
    else low = middle + 1
  }
  return low
}

export function allTenures(room: Room): readonly Tenure[] {
  return [...room.tenures.values()].flatMap((tenures) => [...tenures])
}

export function adminsOf(room: Room): readonly Member[] {
  return [...room.members.values()].filter((member) => member.admin)
}

/** n of the control record with this hash, if it is one of the chain. */
export function ordinalOf(room: Room, hash: Bytes): number | undefined {
  const i = room.arrived.get(hex(hash))
  if (i === undefined) return undefined
  const n = firstWhere(room.marks, (mark) => mark.i >= i)
  return room.marks.get(n)?.i === i ? n : undefined
}

export function mayAccept(room: Room, member: Member): boolean {
  return member.admin || room.policy.acceptBy === 'members'
}
