/**
 * The public interface of a chat and its rooms. Every method that takes an `AbortSignal` rejects with the signal's
 * reason as soon as it aborts; whatever had reached the store by then stays.
 */
import type { Listener } from '../base/emitter.ts'
import type { Hint } from '../base/hint.ts'
import type {
  AdminEvent,
  AdminItem,
  MessageContent,
  MessageItem,
  Participant,
  PendingItem,
  Person,
  Returning,
  TimelineItem,
  WarningItem,
} from './item.ts'
import type { RoomSummary, Standing } from './room-summary.ts'

/**
 * One unlocked identity on one store. It also opens while the store is unreachable: rooms read before can be read, and
 * messages wait in the outbox. Room changes are made at once or refused, never queued. All methods reject with a
 * `ConclaveError`, or with the reason of the signal they were given.
 */
export interface Chat extends AsyncDisposable {
  readonly self: Person
  /** Whether the store is reachable. */
  readonly connection: Connection
  /** A notice that concerns no single room, and what to do about it. */
  readonly advice: Advice | undefined
  /** What the store has lost of this identity and of the opened rooms, and what is being done about it. */
  readonly recoveries: readonly Recovery[]
  /**
   * Rooms that this identity is in, was in or is waiting for, and listed ones, sorted by name. Brings joined rooms up
   * to date first when the store answers.
   */
  rooms(signal?: AbortSignal): Promise<readonly RoomSummary[]>
  /** The same from local knowledge, without asking the store. */
  knownRooms(): readonly RoomSummary[]
  /** @throws name-taken, usage (invalid name) */
  create(name: string, options?: CreateOptions, signal?: AbortSignal): Promise<Room>
  /** A joined (or left) room by name, `name#id-prefix` or id. @throws no-such-room, not-member */
  open(room: string, signal?: AbortSignal): Promise<Room>
  /**
   * Asks to join, unless already a member or waiting. A room that nobody listed under the name, or the very room that is
   * listed, is entered by an invitation. @throws no-such-room; unconfirmed-key when the inviter's key is new here
   */
  join(room: string, confirm?: Confirm, signal?: AbortSignal): Promise<Admission>
  /** The direct messages with this person: the existing room, or a new one to which they are invited. */
  dm(name: string, confirm?: Confirm, signal?: AbortSignal): Promise<Room>
  /** What two people compare, by phone or in person, to know that nobody intercepts their chat. @throws no-such-user */
  safetyNumber(name: string, signal?: AbortSignal): Promise<SafetyNumber>
  /** Marks the key of this fingerprint as verified. @throws no-such-user, unconfirmed-key */
  confirmKey(name: string, fingerprint: string, signal?: AbortSignal): Promise<void>
  /** Replaces this identity's keys in every room. An earlier copy of the keys opens nothing that is sent afterwards. */
  rekey(signal?: AbortSignal): Promise<Rekeyed>
  /**
   * Drops this home's copy of a room, whatever its standing; opening it again fetches it from the store.
   * @throws no-such-room, not-allowed (messages wait to be sent)
   */
  forget(room: string, signal?: AbortSignal): Promise<Forgotten>
  /** Calls `listener` at each event until `off` or the returned function is called. */
  on<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): Unsubscribe
  off<E extends keyof ChatEvents>(event: E, listener: Listener<ChatEvents[E]>): void
  /** Ends every `follow` and `wait`. `await using` does it too. */
  close(): Promise<void>
}

/** The events of a chat. A listener's exception is logged once and doesn't keep the event from other listeners. */
export interface ChatEvents {
  /** The connection's state or detail has changed. */
  readonly connection: Connection
  /** Anything worth a redraw: the connection, the list of rooms, counts. At most once per turn of the event loop. */
  readonly change: undefined
}

export type Unsubscribe = () => void

export interface Connection {
  /**
   * `degraded`: a call failed and the store is being checked. `moved`: it is at another address for good. Messages wait
   * in every state but `online`.
   */
  readonly state: 'connecting' | 'online' | 'degraded' | 'offline' | 'moved'
  /** For a status line: 'local store', '4/5 nodes, can lose 1', 'offline: …'. */
  readonly detail: string
}

export interface Advice {
  readonly text: string
  readonly hint: Hint
}

export interface CreateOptions {
  readonly unlisted?: boolean
  readonly acceptBy?: 'members' | 'admins'
  /** As in `Policy`; 30 unless given. */
  readonly rotateDays?: number
}

export interface SafetyNumber extends Person {
  /** 60 digits in groups of five, the same on both sides. */
  readonly number: string
  /** Whether this person's key was verified here before. */
  readonly confirmed: boolean
  /** The fingerprint of the key known under this name, if it differs: someone may be impersonating them. */
  readonly known?: string
}

export interface Rekeyed extends Person {
  readonly rooms: number
}

export interface Forgotten {
  readonly name: string
  /** Records of the copy. */
  readonly records: number
}

/** How a key is confirmed: by its fingerprint, or by trusting one that was never seen before. */
export interface Confirm {
  readonly fingerprint?: string
  readonly trustNew?: boolean
}

/** A request to join. */
export interface Admission {
  readonly roomId: string
  readonly roomName: string
  /** The current state. */
  readonly state: 'waiting' | 'accepted' | 'rejected'
  /**
   * Resolves with the room once accepted; rejects with `rejected`, `closed`, or this caller's signal's reason. Nobody
   * outside can verify a decline, so each is told once, and waiting again goes on: an acceptance may still follow.
   */
  wait(signal?: AbortSignal): Promise<Room>
  /** Takes the request back. */
  withdraw(signal?: AbortSignal): Promise<void>
}

export interface Member extends Participant {
  readonly role: 'admin' | 'member'
  /** This person compared the member's key, and marked it as verified. */
  readonly verified?: true
  /** Whether a program of theirs has the room open; absent: not known here. */
  readonly here?: boolean
}

export interface Knock extends Person {
  readonly at: number
  readonly returning?: Returning
  /** The fingerprint of the key that this person knows under the name, if it differs. */
  readonly known?: string
  /** Of a request to join: its author was shown another log than this one. */
  readonly elsewhere?: true
}

/** A member whose key differs from the one that this person knows under their name. */
export interface ChangedKey extends Person {
  /** The fingerprint of the known key. */
  readonly known: string
}

export interface Invitation extends Person {
  /** The name of the member who invited them. */
  readonly by: string
}

export interface Policy {
  readonly acceptBy: 'members' | 'admins'
  readonly listed: boolean
  /** How often an admin's program replaces the room's keys; 0: never. At most 3650. */
  readonly rotateDays: number
}

export interface Room {
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly name: string
  readonly topic: string
  readonly standing: Standing
  /** Who removed this person, when standing is `kicked`. */
  readonly endedBy: Person | undefined
  readonly members: readonly Member[]
  readonly invitations: readonly Invitation[]
  /** Members whose keys differ from those that this person knows under their names: a warning, never a rule. */
  readonly changedKeys: readonly ChangedKey[]
  readonly policy: Policy
  /** The room needs a newer Conclave: its history up to there can be read, and nothing can be written. */
  readonly tooNew: boolean
  /** Open requests to join, oldest first. */
  readonly knocks: readonly Knock[]
  /** Messages of this identity that the store hasn't acknowledged yet. */
  readonly pending: readonly PendingItem[]
  /** The number of the newest message. */
  readonly seq: number
  readonly unread: number
  /** The number of the newest message that has been read. */
  readonly readUpTo: number
  /** What the store has lost of this room, and what is being done about it; undefined while all is well. */
  readonly recovery: Recovery | undefined

  /** Queues a message on disk; `sent` resolves with its place once the store has it durably. Order is kept. */
  send(content: MessageContent | string, signal?: AbortSignal): Promise<Sent>
  /** Takes a queued or failed message out of the outbox. @throws unavailable: it was tried, and may be in the room */
  drop(id: string, signal?: AbortSignal): Promise<void>
  /** The newest `limit` items before `before` (an `i`; default: the end), oldest first; records stay whole: up to 63 more. */
  history(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryPage>
  /**
   * Items from message number `from` on (default: only new ones), then live, without gap or repetition. Ends when the
   * signal aborts, the membership ends or the chat closes.
   */
  follow(options?: FollowOptions): AsyncIterable<TimelineItem>
  /** Says in the room that this person has it open, and learns who else has, until the signal aborts (`Member.here`). */
  attend(signal: AbortSignal): void
  /** Resolves once everything that the store held at the time of the call can be read here. */
  refresh(signal?: AbortSignal): Promise<void>

  /**
   * Accepts the request under this name whose key is known or confirmed; a `Knock` of `knocks` confirms its own.
   * @throws no-such-user; unconfirmed-key when the key is new or another than the one known, given or shown
   */
  accept(name: string, confirm?: Confirm, signal?: AbortSignal): Promise<Done>
  reject(name: string, options?: Which, signal?: AbortSignal): Promise<Done>
  /**
   * Removes a member or an invitation. @throws no-such-user; unconfirmed-key when two share the name and no fingerprint
   * says which
   */
  kick(name: string, options?: Which, signal?: AbortSignal): Promise<Done>
  leave(signal?: AbortSignal): Promise<Done>
  promote(name: string, options?: Which, signal?: AbortSignal): Promise<Done>
  demote(name: string, options?: Which, signal?: AbortSignal): Promise<Done>
  /** Keeps the settings that are absent. A direct message has `rotateDays` only. */
  setPolicy(policy: Partial<Policy>, signal?: AbortSignal): Promise<Done>
  setTopic(topic: string, signal?: AbortSignal): Promise<Done>
  /** Opens a new epoch: later messages are sealed under a fresh secret. */
  rotate(signal?: AbortSignal): Promise<Done>
  /** Invites someone, who can then join without being accepted. Their key must be known, or confirmed here. */
  invite(name: string, confirm?: Confirm, signal?: AbortSignal): Promise<Done>
  /** Marks everything up to this number as read. */
  markRead(seq: number, signal?: AbortSignal): Promise<void>
  /** Checks the whole log: every hash, signature and rule. First restores what is missing from the store. */
  verify(signal?: AbortSignal): Promise<Verification>
  /** Compares the head that `verify` shows another person: `124 six words`. @throws usage for anything else */
  compareHead(head: string, signal?: AbortSignal): Promise<HeadComparison>
  /** When each member was last heard from, by the newest records. A store that withholds theirs makes them silent. */
  lastHeard(signal?: AbortSignal): Promise<readonly LastHeard[]>
  /**
   * After a restore that lost changes of the room: repeats them, removals first, and repairs records that were changed
   * in the store. @throws not-allowed where something remains that only an admin can do
   */
  repair(signal?: AbortSignal): Promise<Repair>

  /** Calls `listener` at each event until `off` or the returned function is called. */
  on<E extends keyof RoomEvents>(event: E, listener: Listener<RoomEvents[E]>): Unsubscribe
  off<E extends keyof RoomEvents>(event: E, listener: Listener<RoomEvents[E]>): void
}

/** The events of a room. A listener's exception is logged once and doesn't keep the event from other listeners. */
export interface RoomEvents {
  /**
   * A message new to this home, by any author, in the room's order; including those sent while no program of this
   * identity was running.
   */
  readonly message: MessageItem
  /** Something happened to the room itself. */
  readonly admin: AdminItem
  /** Someone asks to join. */
  readonly knock: AdminItem
  /** A record was skipped, or is damaged. */
  readonly warning: WarningItem
  /** The history has changed from some place on: read it again. */
  readonly diverged: Diverged
  /** Members, requests, topic, pending messages, counts, standing or recovery have changed. */
  readonly change: undefined
}

/** The store was restored from an earlier copy, or a late key opens messages that were locked. */
export interface Diverged {
  readonly cause: 'restore' | 'late-key'
  /** From this record on, which begins with message `seq`. */
  readonly i: number
  readonly seq: number
  /** The ids of the messages that were delivered and are no longer in it; they may come again. */
  readonly lost: ReadonlySet<string>
}

/** Which of several people with the same name. */
export interface Which {
  readonly fingerprint?: string
}

export interface FollowOptions {
  readonly from?: number
  readonly signal?: AbortSignal
}

export interface Sent {
  readonly id: string
  /** Rejects when it can't be sent: `kicked`, `not-member`. Never because the store is unreachable. */
  readonly sent: Promise<{ readonly seq: number; readonly id: string; readonly i: number }>
}

export interface HistoryQuery {
  readonly limit: number
  /** Only items with a smaller `i`. */
  readonly before?: number
  /** Only items from this seq on, oldest first (instead of the newest). */
  readonly fromSeq?: number
  /** Only items from this `i` on, oldest first. */
  readonly fromIndex?: number
}

export interface HistoryPage {
  readonly items: readonly TimelineItem[]
  /** Whether there are older items (newer ones with `fromSeq`). */
  readonly more: boolean
}

/** The index of the operation's record in the log. */
export interface Done {
  readonly i: number
}

/** After the store was rolled back to an older snapshot or tampered with. */
export interface Recovery {
  /**
   * `putting-back`: this home's records are being written to the store again. `put-back`: that is done. `diverged`:
   * others wrote in between; lost messages are sent again. `frozen`: a kick was lost, and nothing is sent until it is
   * repeated. `damaged`: something is missing or changed that this machine can't restore.
   */
  readonly kind: 'putting-back' | 'put-back' | 'diverged' | 'frozen' | 'damaged'
  /** Records restored so far, and how many there are in total. */
  readonly done: number
  readonly total: number
  /** What happened, and what Conclave does about it. */
  readonly text: string
  /** What the person has to do. */
  readonly hint: Hint
  /** All of it in a few words. */
  readonly short: Hint
}

export interface Repair {
  /** What was repeated, in order. */
  readonly again: readonly { readonly event: AdminEvent; readonly target?: Person }[]
  /** What was not, with the reason. */
  readonly left: readonly { readonly event: AdminEvent; readonly target?: Person; readonly reason: string }[]
  /** Records that had been changed in the store. */
  readonly corrected: readonly number[]
}

/**
 * What another person's head is to this copy of a room: its own, in its past, on another branch (then the store shows two
 * copies), or not known: it may be ahead, or no number of records came with it.
 */
export type HeadComparison = 'same' | 'past' | 'other-branch' | 'unknown'

/** A member, and the time of their newest record: their own clock's, milliseconds. Absent: none among those looked at. */
export interface LastHeard extends Person {
  readonly at?: number
}

export interface Verification {
  readonly records: number
  readonly messages: number
  readonly controls: number
  /** Records skipped, with the reason. */
  readonly voids: readonly { readonly i: number; readonly reason: string }[]
  /** Records that this machine has restored to the store since the program started. */
  readonly putBack: number
  /** Empty when all is well. */
  readonly damage: readonly { readonly i: number; readonly reason: string }[]
  /** Hash of the newest control record, hexadecimal. */
  readonly head: string
  /** Six words for the newest record, whose hash covers all `records`: to be compared by phone or in person. */
  readonly headPhrase: string
  /** Of each member. */
  readonly lastHeard: readonly LastHeard[]
}
