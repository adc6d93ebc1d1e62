/** A room in the list of rooms, whether one is in it or not. */
import type { Attention } from './attention.ts'
import type { Person } from './item.ts'

export type Standing = 'member' | 'invited' | 'waiting' | 'rejected' | 'kicked' | 'left' | 'stranger'

export interface RoomSummary {
  readonly name: string
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly standing: Standing
  readonly unread: number
  readonly mentions: number
  /** What waits for this person, the most urgent first. Direct messages, and a request that they may answer, are for them. */
  readonly attention: readonly Attention[]
  /** 0 when not a member. */
  readonly members: number
  /** The time of the newest message, milliseconds since the epoch, as its author says. */
  readonly newestAt?: number
  /** Of direct messages: the other person's key is verified. */
  readonly verified?: true
  /** Who says that they invited this person. Unless `known`, it may be anyone who calls themselves that. */
  readonly invitedBy?: Person & { readonly known: boolean }
}
