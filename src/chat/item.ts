/** What a timeline shows. Texts are as their authors wrote them: a front end sanitizes them. */

/** A person as a room knows them: the name bound when they were accepted, and the fingerprint of their root key. */
export interface Person {
  readonly name: string
  /** 24 decimal digits in groups of four, the same everywhere. */
  readonly fingerprint: string
}

/** Someone who is or was in the room. */
export interface Participant extends Person {
  /** Survives changes of keys: 64 hexadecimal digits. */
  readonly id: string
}

/** A message's author, as they were then. */
export interface Author extends Participant {
  readonly admin: boolean
}

export interface MessageBase {
  readonly kind: 'message'
  /** Place in the room's log; several messages sent together share it. */
  readonly i: number
  /** Counts the room's messages from 1, without gaps. */
  readonly seq: number
  /** 32 hexadecimal digits; what replies, edits, deletions and reactions refer to. */
  readonly id: string
  /** The author's clock, milliseconds since the epoch: a claim, for display only. */
  readonly at: number
  readonly from: Author
  readonly own: boolean
}

export type MessageContent =
  | { readonly type: 'text' | 'emote'; readonly text: string }
  | { readonly type: 'reply'; readonly to: string; readonly text: string }
  | { readonly type: 'edit'; readonly to: string; readonly text: string }
  | { readonly type: 'delete'; readonly to: string }
  | { readonly type: 'react'; readonly to: string; readonly emoji: string; readonly on: boolean }
  | { readonly type: 'file'; readonly name: string; readonly bytes: number; readonly mediaType: string }
  /** A type that this version does not know: shown as a placeholder. */
  | { readonly type: 'unknown'; readonly name: string }

export type MessageItem = MessageBase & MessageContent

export type AdminEvent =
  | 'create'
  | 'knock'
  | 'accept'
  | 'reject'
  | 'invite'
  | 'kick'
  | 'leave'
  | 'rotate'
  | 'rekey'
  | 'promote'
  | 'demote'
  | 'policy'
  | 'topic'
  | 'repair'

/**
 * How someone who is let in was in before: kicked or left in between, or a member all along, who is given the keys
 * again.
 */
export type Returning = 'kicked' | 'left' | 'present'

/** An `<admin>` line: something happened to the room itself. */
export interface AdminItem {
  readonly kind: 'admin'
  /** Absent for a knock, which has no place in the log. */
  readonly i?: number
  readonly at: number
  readonly event: AdminEvent
  readonly by: Person
  readonly target?: Person
  /** The new topic, the policy in words, … */
  readonly detail?: string
  /** Of a knock, an invitation or an accept. */
  readonly returning?: Returning
  /** Of a knock: the fingerprint of the key that this person knows under the name, if it differs. */
  readonly known?: string
  /** Of a request to join: its author was shown another log than this one. */
  readonly elsewhere?: true
}

/**
 * What this home had read and the store lost in a rollback: shown where the log forked, until it comes again. It keeps
 * its old place and number.
 */
export interface LostItem {
  readonly kind: 'lost'
  /** Where the store now has other records. */
  readonly i: number
  readonly item: MessageItem | AdminItem
}

/** A record that was skipped, or damage: shown once, in its place. */
export interface WarningItem {
  readonly kind: 'warning'
  readonly i: number
  readonly reason: string
  /** While following: the sequence restarts at this place, since the store was rolled back and others wrote first. */
  readonly restart?: { readonly i: number; readonly seq: number }
}

export type TimelineItem = MessageItem | AdminItem | WarningItem | LostItem

/** A message of this identity that the store hasn't acknowledged yet. */
export interface PendingItem {
  readonly id: string
  readonly at: number
  readonly content: MessageContent
  /** `failed`: it will not be sent (this person is no longer a member); kept until dropped. */
  readonly state: 'queued' | 'failed'
  readonly reason?: string
}
