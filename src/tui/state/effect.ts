/**
 * Effects requested by a state. They name rooms by id and people by name and fingerprint; the session (session.ts)
 * holds the handles, executes them and answers with events. Effects on a room mean the open one.
 */
import type { NotifyChange } from '../../chat/attention.ts'
import type { CreateOptions, Policy } from '../../chat/chat.ts'
import type { PreferencesChange } from '../../chat/preferences.ts'
import type { RoomPlaces } from '../../chat/room-places.ts'
import type { MessageContent, Person } from '../../chat/item.ts'

/** `again`: reloads the window's contents from a place on. `around`: goes back to a place. */
export type Direction = 'older' | 'newer' | 'newest' | 'again' | 'around'

/** Where in the open room's history. */
export type Place =
  | { readonly at: 'beginning' }
  | { readonly at: 'seq'; readonly seq: number }
  /** What was written then, or later. `i`: its place in the log, once it is known. */
  | { readonly at: 'time'; readonly time: number; readonly i?: number }
  | { readonly at: 'message'; readonly i: number; readonly id: string }

export type Effect =
  | { readonly do: 'find-identities' }
  | { readonly do: 'suggest-passphrase'; readonly name: string }
  | { readonly do: 'check-password'; readonly name: string; readonly password: string }
  | { readonly do: 'log-in'; readonly name: string; readonly password: string; readonly recoveryCode?: string }
  | { readonly do: 'sign-up'; readonly name: string; readonly password: string; readonly chosen: boolean }
  | { readonly do: 'refresh-rooms' }
  /** `fromList`: only if no room of that name is listed. */
  | { readonly do: 'create'; readonly name: string; readonly options: CreateOptions; readonly fromList?: true }
  | { readonly do: 'join'; readonly room: string; readonly fingerprint?: string }
  | { readonly do: 'open'; readonly room: string }
  /** Cancels what is being opened, created or requested; the open room stays. */
  | { readonly do: 'cancel' }
  /** Closes the open room; it sends no more events. */
  | { readonly do: 'close-room' }
  | { readonly do: 'withdraw'; readonly roomId: string }
  /** `window`: for which the answer is; undefined: for any. */
  | {
      readonly do: 'fetch'
      readonly direction: Direction
      readonly from: number | undefined
      readonly window: number | undefined
    }
  | { readonly do: 'visit'; readonly place: Place; readonly window: number }
  /** In the open room, or in all; replaces a search under way. `search`: its number. */
  | { readonly do: 'search'; readonly search: number; readonly words: readonly string[]; readonly everywhere: boolean }
  | { readonly do: 'stop-search' }
  | { readonly do: 'send'; readonly content: MessageContent }
  | { readonly do: 'drop'; readonly ids: readonly string[] }
  | { readonly do: 'accept' | 'reject'; readonly name: string; readonly fingerprint: string }
  /** One after the other; those answered meanwhile are left out. */
  | { readonly do: 'reject-all'; readonly people: readonly Person[] }
  | { readonly do: 'kick' | 'promote' | 'demote'; readonly name: string; readonly fingerprint: string }
  /** With the fingerprint of a key that was not seen before. */
  | { readonly do: 'invite'; readonly name: string; readonly fingerprint: string | undefined }
  /** And sends the text. */
  | { readonly do: 'dm'; readonly name: string; readonly fingerprint: string | undefined; readonly text?: string }
  | { readonly do: 'topic'; readonly text: string }
  | { readonly do: 'compare'; readonly name: string }
  | { readonly do: 'policy'; readonly policy: Partial<Policy> }
  | { readonly do: 'rotate' }
  | { readonly do: 'rekey' }
  /** From now on, the key of this fingerprint is the one known under the name. */
  | { readonly do: 'confirm-key'; readonly name: string; readonly fingerprint: string }
  /** Referenced messages further up, before this place. */
  | { readonly do: 'look-up'; readonly ids: readonly string[]; readonly before: number }
  | { readonly do: 'leave' }
  | { readonly do: 'mark-read'; readonly seq: number }
  /** And compares another person's head. */
  | { readonly do: 'verify'; readonly head: string | undefined }
  | { readonly do: 'repair' }
  /** The rooms and the open one once more: others are ignored. */
  | { readonly do: 'retell' }
  /** Another program of this home may have changed what is announced, and where rooms stand. */
  | { readonly do: 'read-settings' }
  /** Keeps a change of them. */
  | { readonly do: 'save-notify'; readonly change: NotifyChange }
  | { readonly do: 'save-preferences'; readonly change: PreferencesChange }
  | { readonly do: 'save-places'; readonly change: RoomPlaces }
  /** Rings, and with a text notifies the desktop. */
  | { readonly do: 'call'; readonly text: string | undefined }
  /** The text in the person's own editor. */
  | { readonly do: 'edit-outside'; readonly roomId: string; readonly text: string }
  /** Into the clipboard of the terminal's machine; `what` it is, for saying so. */
  | { readonly do: 'copy'; readonly what: string; readonly text: string }
  | { readonly do: 'redraw' }
  | { readonly do: 'suspend' }
  | { readonly do: 'quit' }
