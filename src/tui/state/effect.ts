/**
 * What a state asks the world to do. Effects name rooms by id and people by name and fingerprint; whoever carries them
 * out (session.ts) holds the handles, and answers with events. Effects on a room mean the one that is open.
 */
import type { Policy } from '../../chat/chat.ts'
import type { MessageContent } from '../../chat/item.ts'

/** `again`: what the window holds from a place on, once more. */
export type Direction = 'older' | 'newer' | 'newest' | 'again'

export type Effect =
  | { readonly do: 'find-identities' }
  | { readonly do: 'suggest-passphrase'; readonly name: string }
  | { readonly do: 'check-password'; readonly name: string; readonly password: string }
  | { readonly do: 'log-in'; readonly name: string; readonly password: string; readonly recoveryCode?: string }
  | { readonly do: 'sign-up'; readonly name: string; readonly password: string; readonly chosen: boolean }
  | { readonly do: 'refresh-rooms' }
  | { readonly do: 'create'; readonly name: string; readonly unlisted: boolean }
  | { readonly do: 'join'; readonly room: string }
  | { readonly do: 'open'; readonly room: string }
  /** Gives up what is being opened, created or knocked at; the room that is open stays. */
  | { readonly do: 'cancel' }
  /** Forgets the open room: nothing more is heard of it. */
  | { readonly do: 'close-room' }
  | { readonly do: 'withdraw'; readonly roomId: string }
  | { readonly do: 'fetch'; readonly direction: Direction; readonly from: number | undefined }
  | { readonly do: 'send'; readonly content: MessageContent }
  | { readonly do: 'drop'; readonly ids: readonly string[] }
  | { readonly do: 'accept' | 'reject'; readonly name: string; readonly fingerprint: string }
  | { readonly do: 'kick' | 'promote' | 'demote'; readonly name: string; readonly fingerprint: string }
  /** With the fingerprint of a key that was not seen before. */
  | { readonly do: 'invite' | 'dm'; readonly name: string; readonly fingerprint: string | undefined }
  | { readonly do: 'topic'; readonly text: string }
  | { readonly do: 'compare'; readonly name: string }
  | { readonly do: 'policy'; readonly policy: Partial<Policy> }
  | { readonly do: 'rotate' }
  | { readonly do: 'rekey' }
  /** The key of this fingerprint is the one that is known under the name from now on. */
  | { readonly do: 'confirm-key'; readonly name: string; readonly fingerprint: string }
  /** Messages further up that are referred to, before this place. */
  | { readonly do: 'look-up'; readonly ids: readonly string[]; readonly before: number }
  | { readonly do: 'leave' }
  | { readonly do: 'mark-read'; readonly seq: number }
  | { readonly do: 'verify' | 'repair' }
  | { readonly do: 'redraw' }
  | { readonly do: 'suspend' }
  | { readonly do: 'quit' }
