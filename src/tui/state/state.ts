/**
 * Everything that the screen depends on, as plain immutable data. Texts of others stand here harmless already
 * (`harmless.ts`); handles to the chat, timers and the terminal don't stand here at all.
 */
import type { KnownIdentity } from '../../chat/accounts.ts'
import type { Connection, RoomSummary } from '../../chat/chat.ts'
import type { Person } from '../../chat/item.ts'
import type { Editor } from '../input/editor.ts'
import { emptyEditor } from '../input/editor.ts'
import type { InputHistory } from '../input/history.ts'
import type { Effect } from './effect.ts'
import type { RoomView } from './harmless.ts'
import type { Timeline } from './timeline.ts'

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
  readonly page: Page
  /** What takes a moment just now; keys that would start something else wait until it is done. */
  readonly busy: Busy | undefined
  readonly flash: Flash | undefined
  readonly confirm: Confirm | undefined
  readonly sheet: Sheet | undefined
  /** What was typed in each room, by its id. */
  readonly drafts: ReadonlyMap<string, Draft>
  /** Members beside the chat: as the width suggests, unless Ctrl-B said otherwise. */
  readonly showMembers: boolean | undefined
}

export interface Program {
  readonly version: string
  readonly storeLabel: string
  /** Who to be, said on the command line. */
  readonly as: string | undefined
  /** The room to enter after login, likewise. */
  readonly room: string | undefined
}

export type Page = LoginPage | RoomsPage | WaitingPage | ChatPage

export interface LoginPage {
  readonly kind: 'login'
  readonly known: readonly KnownIdentity[]
  readonly step: LoginStep
}

export type LoginStep =
  /** Whom to be: one of this home, or a name that is typed. */
  | { readonly at: 'who'; readonly editor: Editor; readonly selected: number }
  /** A name that this home does not know: new, or from another machine? */
  | { readonly at: 'unknown'; readonly name: string; readonly selected: number }
  | { readonly at: 'password'; readonly name: string; readonly editor: Editor }
  | {
      readonly at: 'elsewhere'
      readonly name: string
      readonly password: Editor
      readonly code: Editor
      readonly inCode: boolean
    }
  | { readonly at: 'suggested'; readonly name: string; readonly passphrase: string }
  | { readonly at: 'chosen'; readonly name: string; readonly passphrase: string; readonly editor: Editor }
  | {
      readonly at: 'repeat'
      readonly name: string
      readonly passphrase: string
      readonly chosen: string
      readonly editor: Editor
    }
  /** Signed up; the code has to be written down before going on. */
  | { readonly at: 'recovery'; readonly code: string }

export interface RoomsPage {
  readonly kind: 'rooms'
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
  readonly history: InputHistory
  readonly completion: Completion | undefined
}

export interface Draft {
  readonly editor: Editor
  readonly history: InputHistory
}

export interface Completion {
  readonly candidates: readonly string[]
  readonly selected: number
  /** The part of the input that a candidate stands for. */
  readonly from: number
  readonly to: number
  /** What follows a candidate that is taken. */
  readonly suffix: string
}

export interface Busy {
  readonly label: string
  readonly frame: number
}

export interface Flash {
  readonly tone: 'info' | 'error'
  readonly text: string
  readonly hint: string
}

export interface Confirm {
  readonly question: string
  readonly effects: readonly Effect[]
}

/** Longer output, over the page, until Escape. */
export interface Sheet {
  readonly title: string
  readonly lines: readonly string[]
  readonly top: number
}

/** A new state, and what is to be done about it. */
export interface Next {
  readonly state: State
  readonly effects: readonly Effect[]
}

export function next(state: State, ...effects: readonly Effect[]): Next {
  return { state, effects }
}

export function info(state: State, text: string, hint = ''): State {
  return { ...state, flash: { tone: 'info', text, hint } }
}

export function problem(state: State, text: string, hint = ''): State {
  return { ...state, flash: { tone: 'error', text, hint } }
}

export function initialState(size: Size, program: Program): State {
  return {
    size,
    program,
    self: undefined,
    connection: { state: 'connecting', detail: program.storeLabel },
    rooms: [],
    page: { kind: 'login', known: [], step: { at: 'who', editor: emptyEditor, selected: 0 } },
    busy: undefined,
    flash: undefined,
    confirm: undefined,
    sheet: undefined,
    drafts: new Map(),
    showMembers: undefined,
  }
}
