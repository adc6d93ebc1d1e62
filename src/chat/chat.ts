/**
 * What the terminal interface and the command line see of a chat: the public interface (`api.ts`), plus what it takes
 * to show a long history while it is still being read.
 */
import type * as api from './api.ts'
import type { TypedTexts } from './home/typed-text.ts'
import type { AdminItem, MessageItem, TimelineItem } from './item.ts'

export type {
  Advice,
  ChangedKey,
  ChatEvents,
  Confirm,
  Connection,
  CreateOptions,
  Diverged,
  Done,
  FollowOptions,
  Forgotten,
  HeadComparison,
  HistoryPage,
  Invitation,
  Knock,
  LastHeard,
  Member,
  Policy,
  Recovery,
  Rekeyed,
  Repair,
  RoomEvents,
  SafetyNumber,
  Sent,
  Unsubscribe,
  Verification,
  Which,
} from './api.ts'
export type { RoomSummary, Standing } from './room-summary.ts'

export interface Chat extends api.Chat {
  readonly typed: TypedTexts
  create(name: string, options?: api.CreateOptions, signal?: AbortSignal): Promise<Room>
  open(room: string, signal?: AbortSignal): Promise<Room>
  join(room: string, confirm?: api.Confirm, signal?: AbortSignal): Promise<Admission>
  dm(name: string, confirm?: api.Confirm, signal?: AbortSignal): Promise<Room>
  subscribe(listener: () => void): api.Unsubscribe
}

export interface Admission extends api.Admission {
  wait(signal?: AbortSignal): Promise<Room>
}

export interface Room extends api.Room {
  /** While a long history is being read: members, topic and early pages are available; message numbers aren't. */
  readonly reading: Reading | undefined
  /** While a long history is being read, this waits for its end; an `early` page doesn't. */
  history(query: HistoryQuery, signal?: AbortSignal): Promise<api.HistoryPage>
  /** Messages in which all the words occur, ignoring case. A word holds no whitespace. */
  search(words: readonly string[], options?: SearchOptions, signal?: AbortSignal): Promise<SearchResult>
  /** Timeline items that arrive while subscribed, in order, and changes of anything above. */
  subscribe(listener: (change: RoomChange) => void): api.Unsubscribe
}

export type RoomChange =
  | { readonly kind: 'items'; readonly items: readonly TimelineItem[] }
  | { readonly kind: 'knock'; readonly item: AdminItem }
  /**
   * What has just arrived while a long history is being read: unnumbered here, and among the `items` once it is
   * counted.
   */
  | { readonly kind: 'early'; readonly items: readonly TimelineItem[] }
  /** Early pages have become available, or are over: fetch the shown ones again. */
  | { readonly kind: 'renewed' }
  /** Members, knocks, topic, pending, counts, standing or recovery changed. */
  | { readonly kind: 'state' }
  | ({ readonly kind: 'diverged' } & api.Diverged)

export interface HistoryQuery extends api.HistoryQuery {
  /**
   * Returns the newest items of a history that is still being read at once, each verified, its messages unnumbered
   * (`seq` 0). No effect with `fromSeq` and `fromIndex`, or once everything has been read.
   */
  readonly early?: boolean
}

export interface SearchOptions {
  /** Only the newest so many; `searchFoundMax` at most, which is the default. */
  readonly last?: number
  /** Told from time to time how many records are left. */
  readonly progress?: (left: number) => void
}

export interface SearchResult {
  /** Oldest first. */
  readonly found: readonly Found[]
  /** Whether there are older ones that were left out. */
  readonly more: boolean
}

export interface Found {
  /** With the text that it has now. */
  readonly item: MessageItem
  readonly edited: boolean
}

/** Of the room's log, in records. */
export interface Reading {
  readonly read: number
  readonly records: number
}
