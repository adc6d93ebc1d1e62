/** The events of a state: input, the terminal, time, and answers to effects. */
import type { KnownIdentity } from '../../chat/accounts.ts'
import type { NotifySettings } from '../../chat/attention.ts'
import type { Connection, HeadComparison, Repair, RoomSummary, SafetyNumber, Verification } from '../../chat/chat.ts'
import type { Typed } from '../../chat/home/typed-text.ts'
import type { MessageItem, Person, TimelineItem } from '../../chat/item.ts'
import type { Preferences } from '../../chat/preferences.ts'
import type { RoomPlaces } from '../../chat/room-places.ts'
import type { RecoveryOnScreen } from '../hints.ts'
import type { Click, Focus, Input } from '../input/key.ts'
import type { Edited } from '../terminal/outside-editor.ts'
import type { Effect, Place } from './effect.ts'
import type { RoomView } from './sanitized.ts'
import type { Direction } from './effect.ts'
import type { Hit, Size } from './state.ts'

/** Actions that may need to know whose key it is. */
export type Unconfirmed = 'dm' | 'invite' | 'join' | 'confirm-key' | 'accept' | 'reject' | 'kick' | 'promote' | 'demote'

export type Event =
  | Input
  | Focus
  | Click
  /** The question of this number is on the screen, and all that was typed before has been read. */
  | { readonly kind: 'drawn'; readonly asked: number }
  | { readonly kind: 'notify'; readonly settings: NotifySettings }
  | { readonly kind: 'preferences'; readonly preferences: Preferences }
  | { readonly kind: 'places'; readonly places: RoomPlaces }
  | { readonly kind: 'resize'; readonly size: Size }
  /** A tenth of a second, or more, has passed while something takes a moment. */
  | { readonly kind: 'tick' }
  /** Time to check for new rooms. */
  | { readonly kind: 'look-around' }
  | { readonly kind: 'identities'; readonly known: readonly KnownIdentity[] }
  /** `ask`: a random number, for the word that is asked back. */
  | { readonly kind: 'passphrase'; readonly name: string; readonly passphrase: string; readonly ask: number }
  /** The answer to `check-password`; undefined: strong enough. */
  | { readonly kind: 'weakness'; readonly advice: string | undefined }
  | {
      readonly kind: 'logged-in'
      readonly self: Person
      readonly recoveryCode?: string
      /** A random number, for the group of the code that is asked back. */
      readonly ask: number
      readonly connection: Connection
      readonly rooms: readonly RoomSummary[]
    }
  | {
      readonly kind: 'chat'
      /** All rooms were brought up to date since the login, or could not be: what comes from now on has just been written. */
      readonly settled: boolean
      readonly connection: Connection
      readonly rooms: readonly RoomSummary[]
      readonly recoveries: readonly RecoveryOnScreen[]
    }
  /** A notice for the person, whatever page they are on. */
  | { readonly kind: 'advice'; readonly text: string; readonly hint: string }
  | { readonly kind: 'waiting'; readonly roomId: string; readonly roomName: string }
  | { readonly kind: 'admitted'; readonly roomId: string; readonly roomName: string }
  | { readonly kind: 'refused'; readonly roomId: string; readonly text: string }
  | { readonly kind: 'withdrawn'; readonly roomName: string }
  | {
      readonly kind: 'opened'
      readonly room: RoomView
      readonly items: readonly TimelineItem[]
      readonly more: boolean
      /** What was typed there, as the home keeps it; absent: it can't be read, or is not written yet. */
      readonly typed?: Typed | undefined
    }
  | { readonly kind: 'room'; readonly room: RoomView }
  | { readonly kind: 'items'; readonly items: readonly TimelineItem[] }
  /** Early pages have become available, or are over: fetch what is on the screen again. */
  | { readonly kind: 'renewed' }
  | {
      readonly kind: 'fetched'
      readonly direction: Direction
      readonly from: number | undefined
      readonly window: number | undefined
      readonly items: readonly TimelineItem[]
      readonly more: boolean
    }
  | {
      readonly kind: 'visited'
      readonly place: Place
      readonly window: number
      readonly items: readonly TimelineItem[]
      readonly moreBefore: boolean
      readonly moreAfter: boolean
    }
  /** What a search has found meanwhile, newest first in each room. */
  | {
      readonly kind: 'found'
      readonly search: number
      readonly hits: readonly Hit[]
      /** There are older ones, which were left out. */
      readonly more: boolean
      /** What is searched now; undefined: it is over. */
      readonly looking: string | undefined
    }
  | { readonly kind: 'fetch-failed'; readonly text: string; readonly hint: string }
  | { readonly kind: 'left'; readonly roomName: string }
  | { readonly kind: 'done'; readonly text: string }
  | {
      readonly kind: 'verified'
      readonly verification: Verification
      readonly compared: HeadComparison | undefined
      readonly now: number
    }
  | { readonly kind: 'repaired'; readonly repair: Repair }
  | { readonly kind: 'compared'; readonly with: SafetyNumber }
  /** This identity's keys were replaced. */
  | { readonly kind: 'rekeyed'; readonly self: Person; readonly rooms: number }
  /** Referenced messages further up, with their changes. */
  | { readonly kind: 'referred'; readonly items: readonly MessageItem[] }
  /** An action was not done, because a key is new here, or differs from the known one. */
  | {
      readonly kind: 'unconfirmed'
      readonly wanted: Effect & { readonly do: Unconfirmed }
      readonly person: Person
      readonly known: string | undefined
      /** The fingerprint that the person gave: it is not that of the key. */
      readonly given: string | undefined
    }
  /** Whether the terminal was told to copy; it does not say whether it did. */
  | { readonly kind: 'copied'; readonly what: string; readonly isTold: boolean }
  /** What the person's own editor has left. */
  | { readonly kind: 'edited-outside'; readonly roomId: string; readonly edited: Edited }
  /** `unsent`: what was to be said. */
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly text: string
      readonly hint: string
      readonly unsent?: string
    }
