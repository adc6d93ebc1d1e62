/**
 * Everything that the screen depends on, as plain immutable data. Other people's texts are sanitized before they get
 * here (`sanitized.ts`); handles to the chat, timers and the terminal are kept elsewhere.
 */
import type { KnownIdentity } from '../../chat/accounts.ts'
import { notifyDefaults, type NotifySettings } from '../../chat/attention.ts'
import type { ChangedKey, Connection, RoomSummary } from '../../chat/chat.ts'
import type { Person } from '../../chat/item.ts'
import { preferenceDefaults, type Preferences } from '../../chat/preferences.ts'
import type { RoomPlaces } from '../../chat/room-places.ts'
import type { RecoveryOnScreen } from '../hints.ts'
import type { Editor } from '../input/editor.ts'
import { emptyEditor } from '../input/editor.ts'
import type { Click, Input } from '../input/key.ts'
import type { InputHistory } from '../input/history.ts'
import type { Effect, Place } from './effect.ts'
import type { RoomView } from './sanitized.ts'
import type { Scroll, Timeline } from './timeline.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface State {
  readonly size: Size
  readonly program: Program
  readonly self: Person | undefined
  readonly connection: Connection
  readonly rooms: readonly RoomSummary[]
  /** What the store has lost of this identity and of the opened rooms. */
  readonly recoveries: readonly RecoveryOnScreen[]
  readonly page: Page
  /** The operation under way; keys that would start another one wait until it is done. */
  readonly busy: Busy | undefined
  /** Keys typed while something was under way. */
  readonly held: readonly (Input | Click)[]
  readonly flash: Flash | undefined
  readonly confirm: Confirm | undefined
  /** How many questions there were so far, and the last of them that was on the screen: only that one takes keys. */
  readonly asked: number
  readonly drawn: number
  /** Enter was typed ahead of a question: text that follows begins a new line. */
  readonly brokenLine: boolean
  /** Covers everything else. */
  readonly alarm: Alarm | undefined
  /** Changed keys that were warned about since the program started. */
  readonly seenKeys: ReadonlySet<string>
  /** Requests and invitations that Alt+A has led to, by their names in chat/attention.ts. */
  readonly seen: ReadonlySet<string>
  readonly sheet: Sheet | undefined
  /** The last search, for showing it again. */
  readonly searched: SearchPanel | undefined
  /** Where the person was before each jump, the last one at the end. */
  readonly trail: readonly Trail[]
  /** What to show of a room as soon as it is open. */
  readonly goal: { readonly roomId: string; readonly place: Place } | undefined
  /** About now, in milliseconds since the epoch; 0: unknown. */
  readonly now: number
  /** The typed text of each room, by its id. */
  readonly drafts: ReadonlyMap<string, RoomDraft>
  /** The member panel: depends on the width, unless Ctrl-B was pressed. */
  readonly showMembers: boolean | undefined
  /** Whether the terminal's window is in front; undefined: it does not say. */
  readonly focused: boolean | undefined
  readonly notify: NotifySettings
  readonly preferences: Preferences
  /** Of this home's rooms, whichever identity they are of. */
  readonly places: RoomPlaces
}

interface Program {
  readonly version: string
  readonly storeLabel: string
  /** The identity from the command line. */
  readonly as: string | undefined
  /** The room to enter after login, likewise. */
  readonly room: string | undefined
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

type Page = LoginPage | RoomsPage | WaitingPage | ChatPage

export interface LoginPage {
  readonly kind: 'login'
  readonly known: readonly KnownIdentity[]
  readonly step: LoginStep
}

export type LoginStep =
  /** The identity: one of this home, or a typed name. */
  | { readonly at: 'who'; readonly editor: Editor; readonly selected: number }
  /** A name unknown to this home: new, or from another machine? */
  | { readonly at: 'unknown'; readonly name: string; readonly selected: number }
  | { readonly at: 'password'; readonly name: string; readonly editor: Editor }
  | {
      readonly at: 'elsewhere'
      readonly name: string
      readonly password: Editor
      readonly code: Editor
      readonly inCode: boolean
    }
  | ({ readonly at: 'suggested' } & Suggested)
  /** One of its words is asked back before anything is created. */
  | ({ readonly at: 'recall'; readonly editor: Editor } & Suggested)
  | ({ readonly at: 'chosen'; readonly editor: Editor } & Suggested)
  | ({ readonly at: 'repeat'; readonly chosen: string; readonly editor: Editor } & Suggested)
  /** Signed up; the code has to be written down before continuing. */
  | { readonly at: 'recovery'; readonly code: string; readonly ask: number }
  | { readonly at: 'recall-code'; readonly code: string; readonly ask: number; readonly editor: Editor }

export interface Suggested {
  readonly name: string
  readonly passphrase: string
  /** A random number: which word is asked back. */
  readonly ask: number
}

export interface RoomsPage {
  readonly kind: 'rooms'
  /** The room that it was opened from. */
  readonly from: string | undefined
  readonly editor: Editor
  readonly selected: number
}

export interface WaitingPage {
  readonly kind: 'waiting'
  readonly roomId: string
  readonly roomName: string
}

export interface ChatPage {
  readonly kind: 'chat'
  readonly room: RoomView
  readonly timeline: Timeline
  readonly editor: Editor
  /** What was in sight when the line in the editor was begun; undefined while it is empty. */
  readonly lineBegun?: { readonly timeline: Timeline; readonly knocks: RoomView['knocks'] } | undefined
  readonly history: InputHistory
  readonly completion: Completion | undefined
  /** The message that keys and commands act on. */
  readonly pick: Pick | undefined
  /** What the line will do to a message. */
  readonly about: About | undefined
  /** Ctrl-X was pressed: the next key ends the command. */
  readonly chord?: true | undefined
  /** Only the conversation is shown (isBare in view/chat-layout.ts). `following`: as in `Pick`. */
  readonly bare?: { readonly following: boolean } | undefined
  /** Ctrl-R: an earlier line is being looked for. */
  readonly search?: HistorySearch | undefined
  /** The first row shown of the lists beside the messages, once they were scrolled. */
  readonly roomsFrom?: number | undefined
  readonly membersFrom?: number | undefined
  /** Covers the messages, and takes the keys. */
  readonly panel: RequestsPanel | JumpPanel | SearchPanel | undefined
  /** Those of the preferences. */
  readonly ignored: Preferences['ignored']
}

/** What `/search` has found, newest first. */
export interface SearchPanel {
  readonly kind: 'search'
  /** The number of the search. */
  readonly search: number
  readonly words: readonly string[]
  readonly everywhere: boolean
  readonly hits: readonly Hit[]
  readonly selected: number
  readonly more: boolean
  /** What is searched now; undefined: it is over. */
  readonly looking: string | undefined
}

export interface Hit {
  readonly roomId: string
  readonly roomName: string
  /** Its place in the log, and its id. */
  readonly i: number
  readonly id: string
  readonly at: number
  readonly from: Person
  /** Their name, with digits if others of the room share it. */
  readonly name: string
  readonly text: string
}

/** Finds one of the person's rooms. */
export interface JumpPanel {
  readonly kind: 'jump'
  readonly editor: Editor
  readonly selected: number
}

export interface HistorySearch {
  /** A part of the line. */
  readonly wanted: string
  /** Which entry of the history was found. */
  readonly at: number | undefined
}

export interface RequestsPanel {
  readonly kind: 'requests'
  /** The key of the selected row. */
  readonly selected: string
  /** Another object whenever the selection was moved by something other than a key. */
  readonly shown: object
}

export interface Pick {
  /** Of its entry. */
  readonly key: string
  /** Letters are commands; otherwise they go to the line, and the message stays selected for what is typed there. */
  readonly keys: boolean
  /** The newest was in view when it began: go back there afterwards. */
  readonly following: boolean
  /** Its spoilers are shown. */
  readonly uncovered?: boolean
}

export interface About {
  readonly act: 'reply' | 'edit' | 'react'
  readonly id: string
  /** Its author and text as they were when it began, in a few words. */
  readonly quote: string
  /** The line's former text, to be restored. */
  readonly before: Editor
}

interface Trail {
  readonly roomId: string
  /** Undefined: at the end. */
  readonly scroll: Scroll | undefined
}

export interface RoomDraft {
  readonly editor: Editor
  readonly history: InputHistory
  readonly about: About | undefined
  /** Where it was scrolled up to. */
  readonly scroll?: Scroll | undefined
}

export interface Completion {
  readonly candidates: readonly string[]
  /** How they are shown; absent: as they are. */
  readonly labels?: readonly string[]
  readonly selected: number
  /** The part of the input that a candidate stands for. */
  readonly from: number
  readonly to: number
  /** Inserted after an accepted candidate. */
  readonly suffix: string
}

interface Busy {
  readonly label: string
  readonly frame: number
}

interface Flash {
  readonly tone: 'info' | 'error'
  readonly text: string
  readonly hint: string
}

export interface Alarm {
  readonly key: ChangedKey
  /** `known` is what the person typed, and not a key that is known here. */
  readonly given?: true
  /** The action that was blocked by that key; undefined: the person joined the open room with it. */
  readonly undone: string | undefined
  readonly editor: Editor
}

export interface Confirm {
  readonly question: string
  readonly effects: readonly Effect[]
  /** What runs after a yes, until an event says that it is done; undefined: nothing that takes a moment. */
  readonly label: string | undefined
  /** Shown in red, as a warning. */
  readonly danger?: true
  /** What was typed in answer to a question that takes the whole word; undefined: a key is enough. */
  readonly answer: Editor | undefined
  /** The command that the question is about, if it holds a text: back in the line unless the answer is yes. */
  readonly unsent?: string
}

/** Longer output, over the page, until Escape. */
export interface Sheet {
  readonly title: string
  readonly lines: readonly string[]
  readonly top: number
}

/** A new state, and the effects to execute. */
export interface Next {
  readonly state: State
  readonly effects: readonly Effect[]
}

export function initialState(
  size: Size,
  program: Program,
  notify: NotifySettings = notifyDefaults,
  places: RoomPlaces = {},
  preferences: Preferences = preferenceDefaults,
): State {
  return {
    size,
    program,
    self: undefined,
    connection: { state: 'connecting', detail: program.storeLabel },
    rooms: [],
    recoveries: [],
    page: { kind: 'login', known: [], step: { at: 'who', editor: emptyEditor, selected: 0 } },
    busy: undefined,
    held: [],
    flash: undefined,
    confirm: undefined,
    asked: 0,
    drawn: 0,
    brokenLine: false,
    alarm: undefined,
    seenKeys: new Set(),
    seen: new Set(),
    sheet: undefined,
    searched: undefined,
    trail: [],
    goal: undefined,
    now: program.startedAt,
    drafts: new Map(),
    showMembers: undefined,
    focused: undefined,
    notify,
    places,
    preferences,
  }
}
