/**
 * What every front end sees: the terminal interface, the command line, bots.
 *
 * A `Chat` is one identity, unlocked, on one store. It opens without the store too: what the replica holds can be read,
 * and messages wait in the outbox. Everything shown comes out of the replica; every message goes through the outbox.
 * Operations on members are immediate or refused, never queued. All methods reject with a ConclaveError.
 */
import type { AdminEvent, AdminItem, MessageContent, PendingItem, Person, Returning, TimelineItem } from './item.ts'

export interface Chat {
  readonly self: Person
  /** Whether the store answers just now. */
  readonly connection: Connection
  /** What this person should know beside the rooms, and what to do about it; subscribers hear when it changes. */
  readonly advice: Advice | undefined
  /** What the store has lost, of this identity and of the rooms that were opened, and what is being done about it. */
  readonly recoveries: readonly Recovery[]
  /** Rooms that this identity is or was in or waits for, and listed ones, sorted by name. Brings joined rooms up to date first when the store answers. */
  rooms(signal?: AbortSignal): Promise<readonly RoomSummary[]>
  /** What is known without asking the store: for a first screen. */
  knownRooms(): readonly RoomSummary[]
  create(name: string, options?: CreateOptions): Promise<Room>
  /** A joined (or left) room by name, `name#id-prefix` or id. @throws no-such-room, not-member */
  open(room: string, signal?: AbortSignal): Promise<Room>
  /** Knocks, unless already in or waiting. */
  join(room: string, signal?: AbortSignal): Promise<Admission>
  /** The two-person chat with somebody: the one there is, else a new one to which he is invited. */
  dm(name: string, confirm?: Confirm): Promise<Room>
  /** What two people compare, over another way, to know that nobody stands between them. */
  safetyNumber(name: string): Promise<SafetyNumber>
  /** Two people have compared their keys: the one of this fingerprint is known under the name from now on. @throws no-such-user, unconfirmed-key */
  confirmKey(name: string, fingerprint: string): Promise<void>
  /** New keys for this identity, in every room that it is in. An earlier copy of the keys opens nothing that comes. */
  rekey(): Promise<Rekeyed>
  /**
   * Drops this home's copy of a room, of whatever standing; opened again it is fetched anew.
   * @throws no-such-room, not-allowed (something waits to be sent)
   */
  forget(room: string): Promise<Forgotten>
  /** Every change worth a redraw: of the connection, the list of rooms, counts. */
  subscribe(listener: () => void): Unsubscribe
  close(): Promise<void>
}

export type Unsubscribe = () => void

export interface Connection {
  readonly state: 'connecting' | 'online' | 'offline'
  /** In words, for a status line: 'local store', '4/5 nodes, can lose 1', 'offline: …'. */
  readonly detail: string
}

export interface Advice {
  readonly text: string
  readonly hint: string
}

export type Standing = 'member' | 'invited' | 'waiting' | 'rejected' | 'kicked' | 'left' | 'stranger'

export interface RoomSummary {
  readonly name: string
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly standing: Standing
  readonly unread: number
  readonly mentions: number
  /** 0 when not a member. */
  readonly members: number
}

export interface CreateOptions {
  readonly unlisted?: boolean
  readonly acceptBy?: 'members' | 'admins'
}

export interface SafetyNumber extends Person {
  /** 60 digits in groups of five, the same on both sides. */
  readonly number: string
  /** Whether this person's key was confirmed here before. */
  readonly confirmed: boolean
  /** The fingerprint of the key that was known under this name, where it is another: somebody may pass for him. */
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

/** How a key that was never seen before is confirmed: by its fingerprint, or by trusting what the registry says. */
export interface Confirm {
  readonly fingerprint?: string
  readonly trustNew?: boolean
}

/** The course of a knock. */
export interface Admission {
  readonly roomId: string
  readonly roomName: string
  /** As it stands; kept current. */
  readonly state: 'waiting' | 'accepted' | 'rejected'
  /** Resolves with the room once accepted; rejects with `rejected`, or the signal's reason. */
  wait(signal?: AbortSignal): Promise<Room>
  /** Takes the knock back. */
  withdraw(): Promise<void>
}

export interface Member extends Person {
  readonly role: 'admin' | 'member'
}

export interface Knock extends Person {
  readonly at: number
  readonly returning?: Returning
  /** The fingerprint of the key that this person knows under the name, where it is another. */
  readonly known?: string
}

/** Somebody whose key is another than the one that this person knows under his name. */
export interface ChangedKey extends Person {
  /** The fingerprint of the key that is known. */
  readonly known: string
}

/** A seat that is held for somebody. */
export interface Invitation extends Person {
  /** The name of the member who invited him. */
  readonly by: string
}

export interface Policy {
  readonly acceptBy: 'members' | 'admins'
  readonly listed: boolean
}

export interface Room {
  readonly id: string
  readonly name: string
  readonly topic: string
  readonly standing: Standing
  /** Who did it, when standing is kicked. */
  readonly endedBy: Person | undefined
  readonly members: readonly Member[]
  readonly invitations: readonly Invitation[]
  /** Members whose keys are not those that this person knows under their names: to be warned of, never a rule. */
  readonly changedKeys: readonly ChangedKey[]
  readonly policy: Policy
  /** The room's version is one that this program does not know: it reads what was before, and writes nothing. */
  readonly tooNew: boolean
  /** Open knocks, oldest first. */
  readonly knocks: readonly Knock[]
  readonly pending: readonly PendingItem[]
  /** Newest seq that has been counted. */
  readonly seq: number
  /** While a long history is being read: members and topic are known, and early pages can be had; numbers can't. */
  readonly reading: Reading | undefined
  readonly unread: number
  /** The seq up to which one has read. */
  readonly readUpTo: number
  /** What the store has lost of this room, and what is being done about it; undefined while all is well. */
  readonly recovery: Recovery | undefined

  /** Queues a message on disk; `sent` resolves with its place once the store has it durably. Sending keeps order. */
  send(content: MessageContent | string): Promise<Sent>
  /** Takes a queued or failed message out of the outbox. @throws unavailable when it was tried and may stand in the room all the same */
  drop(id: string): Promise<void>

  /**
   * The newest `limit` items before `before` (exclusive `i`; absent: the end), oldest first. Records are shown whole:
   * where messages were sent together, a page holds up to 63 items more. While a long history is being read this waits
   * for its end; an `early` page does not.
   */
  history(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryPage>
  /** Items from seq `from` on (absent: only new ones) and then as they come, without gap or repetition, until aborted or the membership ends. */
  follow(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<TimelineItem>
  /** Resolves once everything that the store held at the time of the call is in the replica. */
  refresh(signal?: AbortSignal): Promise<void>

  /** @throws unconfirmed-key, without a fingerprint, where the key is not the one known under the name */
  accept(name: string, options?: { readonly fingerprint?: string }): Promise<Done>
  reject(name: string, options?: { readonly fingerprint?: string }): Promise<Done>
  /** Somebody who is only invited is no longer invited then. @throws unconfirmed-key where two bear the name, and no fingerprint says whose */
  kick(name: string, options?: { readonly fingerprint?: string }): Promise<Done>
  leave(): Promise<Done>
  promote(name: string, options?: { readonly fingerprint?: string }): Promise<Done>
  demote(name: string, options?: { readonly fingerprint?: string }): Promise<Done>
  /** What is absent stays as it is. */
  setPolicy(policy: Partial<Policy>): Promise<Done>
  setTopic(topic: string): Promise<Done>
  /** Opens a new epoch: what comes is sealed under a fresh secret. */
  rotate(): Promise<Done>
  /** Offers a seat to somebody; entering is his act. His key must be known, or confirmed here. */
  invite(name: string, confirm?: Confirm): Promise<Done>
  /** Marks everything up to seq as read. */
  markRead(seq: number): Promise<void>
  /** Checks the whole log: every hash, signature and rule. What is missing from the store is put back first. */
  verify(signal?: AbortSignal): Promise<Verification>
  /**
   * After a restore that lost changes of the room: does them again, removals first, and sets right what was changed in
   * the store. @throws not-allowed where there is something that only an admin can do.
   */
  repair(signal?: AbortSignal): Promise<Repair>

  /** Timeline items that arrive while subscribed (in order), and changes of anything above. */
  subscribe(listener: (change: RoomChange) => void): Unsubscribe
}

export type RoomChange =
  | { readonly kind: 'items'; readonly items: readonly TimelineItem[] }
  | { readonly kind: 'knock'; readonly item: AdminItem }
  /** What has just come while a long history is being read: without numbers, and among the `items` once it is counted. */
  | { readonly kind: 'early'; readonly items: readonly TimelineItem[] }
  /** Early pages can be had now, or are over: whoever shows some asks for them anew. */
  | { readonly kind: 'renewed' }
  /** Members, knocks, topic, pending, counts, standing or recovery changed. */
  | { readonly kind: 'state' }
  /**
   * From record `i` on, which begins with message `seq`, the history is another one than was told before: read it again.
   * The store was restored from an earlier copy; or a key that came late opens what was locked.
   * `lost`: the ids of the messages that were told and are not in it; they may come once more.
   */
  | {
      readonly kind: 'diverged'
      readonly cause: 'restore' | 'late-key'
      readonly i: number
      readonly seq: number
      readonly lost: ReadonlySet<string>
    }

export interface Sent {
  readonly id: string
  /** Rejects when it cannot be sent: `kicked`, `not-member`. Never because the store is away. */
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
  /**
   * Of a history that is still being read the newest items are given at once, each verified, its messages without
   * numbers (`seq` 0). Of no effect with `fromSeq` and `fromIndex`, and where all has been read.
   */
  readonly early?: boolean
}

/** Of the room's log, in records. */
export interface Reading {
  readonly read: number
  readonly records: number
}

export interface HistoryPage {
  readonly items: readonly TimelineItem[]
  /** Whether there are older items (newer ones with `fromSeq`). */
  readonly more: boolean
}

/** The place that the operation's record took in the log. */
export interface Done {
  readonly i: number
}

/** After the store was set back to an earlier copy, or somebody changed it. */
export interface Recovery {
  /**
   * `putting-back`: what this machine remembers is written into the store again. `put-back`: that is done. `parted`: others
   * wrote in between, and what was lost comes again. `frozen`: a kick is lost, and nothing is sent until it stands again.
   * `damaged`: something is missing or changed that this machine can't put back.
   */
  readonly kind: 'putting-back' | 'put-back' | 'diverged' | 'frozen' | 'damaged'
  /** Records put back, and how many there are to be. */
  readonly done: number
  readonly total: number
  /** What happened, and what Conclave does about it. */
  readonly text: string
  /** What is to be done. */
  readonly hint: string
  /** All of it in a few words. */
  readonly short: string
}

export interface Repair {
  /** What was done again, in order. */
  readonly again: readonly { readonly event: AdminEvent; readonly target?: Person }[]
  /** What was not, with the reason. */
  readonly left: readonly { readonly event: AdminEvent; readonly target?: Person; readonly reason: string }[]
  /** Records that had been changed in the store. */
  readonly corrected: readonly number[]
}

export interface Verification {
  readonly records: number
  readonly messages: number
  readonly controls: number
  /** Records passed over, with the reason. */
  readonly voids: readonly { readonly i: number; readonly reason: string }[]
  /** Records that this machine has put back into the store since it began. */
  readonly putBack: number
  /** Empty when all is well. */
  readonly damage: readonly { readonly i: number; readonly reason: string }[]
  /** Hash of the newest control record, hexadecimal. */
  readonly head: string
}
