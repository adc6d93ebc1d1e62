/** The panel of Alt+K: the person's rooms over the conversation, found by some of their letters. Pure. */
import { editWith, emptyEditor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { chordOf } from '../../chat/chord.ts'
import { boundTo, keyHint } from './key-table.ts'
import { enterRoom, toNewest, toRooms } from './navigation.ts'
import { next, problem } from './next.ts'
import { roomLabel } from '../../chat/room-label.ts'
import { closeness, numberedRooms } from './room-list.ts'
import { sidebarRows } from './sidebar.ts'
import type { ChatPage, JumpPanel, Next, State } from './state.ts'
import type { RoomSummary } from '../../chat/chat.ts'

export interface JumpRow {
  readonly room: RoomSummary
  readonly label: string
  /** Absent: not a member. */
  readonly number: number | undefined
}

/** With nothing typed: as beside the messages, then rooms that can only be read. Otherwise the best match first. */
export function jumpRows(state: State, page: ChatPage, typed: string): readonly JumpRow[] {
  const numbers = new Map(numberedRooms(state).map(({ room, number }) => [room.id, number]))
  const beside = sidebarRows(state, page.room.id).flatMap((row) => {
    return row.kind === 'room' || row.kind === 'invitation' ? [row.room] : []
  })
  const readable = state.rooms.filter(({ standing }) => standing === 'left' || standing === 'kicked')
  const rows = [...beside, ...readable].map((room): JumpRow => {
    return { room, label: roomLabel(room, state.rooms), number: numbers.get(room.id) }
  })
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return rows
  const ranked = rows.flatMap((row) => {
    const rank = closeness(row.label, wanted)
    return rank === undefined ? [] : [{ row, rank }]
  })
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ row }) => row)
}

export function openJump(state: State, page: ChatPage): Next {
  return next({ ...state, page: { ...page, panel: { kind: 'jump', editor: emptyEditor, selected: 0 } } })
}

/** Undefined: a key for the conversation, which takes the place of the panel. */
export function jumpInput(state: State, page: ChatPage, panel: JumpPanel, input: Input): Next | undefined {
  const to = (after: JumpPanel | undefined): Next => next({ ...state, page: { ...page, panel: after } })
  const rows = jumpRows(state, page, panel.editor.text)
  const moved = (steps: number): Next => {
    return to({ ...panel, selected: Math.max(0, Math.min(panel.selected + steps, rows.length - 1)) })
  }
  if (input.kind === 'wheel') return moved(input.up ? -1 : 1)
  if (input.kind === 'key') {
    const { name, ctrl, alt, shift } = input
    // Once more: the list of all rooms.
    if (boundTo(state.preferences, chordOf(input)) === 'find-room') return toRooms(to(undefined).state)
    if (alt) return undefined
    if (name === 'escape') return to(undefined)
    if (name === 'up' || (ctrl && name === 'p') || (name === 'tab' && shift)) return moved(-1)
    if (name === 'down' || (ctrl && name === 'n') || name === 'tab') return moved(1)
    if (name === 'page-up') return moved(-rows.length)
    if (name === 'page-down') return moved(rows.length)
    if (name === 'enter') return enterJump(state, page, rows[panel.selected])
  }
  const editor = editWith(panel.editor, input, 'one')
  return editor === undefined ? next(state) : to({ ...panel, editor, selected: 0 })
}

export function enterJump(state: State, page: ChatPage, row: JumpRow | undefined): Next {
  if (row === undefined)
    return next(problem(state, 'None of your rooms matches.', keyHint(state.preferences, 'find-room', 'all rooms')))
  const closed: State = { ...state, page: { ...page, panel: undefined } }
  const isNews = row.room.attention.length > 0
  return enterRoom(isNews ? toNewest(closed, row.room.id) : closed, row.room)
}
