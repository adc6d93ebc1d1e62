/** The room list, key by key. Pure. */
import { editWith, emptyEditor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { chordOf } from '../../chat/chord.ts'
import { nextAttention } from './attention.ts'
import { boundTo, roomOfAction } from './key-table.ts'
import { backFromRooms, createFromList, enterRoom, joinRoom, roomNumber } from './navigation.ts'
import { next, problem } from './next.ts'
import { roomRows, type Row } from './room-list.ts'
import type { Next, RoomsPage, State } from './state.ts'
import { submitLine } from './submit.ts'

const roomName = /^[A-Za-z0-9_-]{2,64}$/

export function roomsInput(state: State, page: RoomsPage, input: Input): Next {
  const to = (after: RoomsPage): Next => next({ ...state, page: after })
  const count = roomRows(state.rooms, page.editor.text).length
  const moved = (steps: number): Next => {
    return to({ ...page, selected: Math.max(0, Math.min(count - 1, page.selected + steps)) })
  }
  if (input.kind === 'wheel') return moved(input.up ? -1 : 1)
  if (input.kind === 'key') {
    const { name, ctrl, alt } = input
    if (name === 'escape') {
      return page.editor.text === '' ? backFromRooms(state, page) : to({ ...page, editor: emptyEditor, selected: 0 })
    }
    if (name === 'enter' && !alt) return entered(state, page)
    if (!alt && (name === 'up' || (ctrl && name === 'p'))) return moved(-1)
    if (!alt && (name === 'down' || (ctrl && name === 'n') || name === 'tab')) return moved(1)
    if (name === 'page-up') return moved(-count)
    if (name === 'page-down') return moved(count)
    const does = boundTo(state.preferences, chordOf(input)) ?? ''
    const number = roomOfAction(does)
    if (number !== undefined) return roomNumber(state, number)
    if (does === 'next-attention') return nextAttention(state)
  }
  const editor = editWith(page.editor, input, 'one')
  if (editor === undefined) return next(state)
  return to({ ...page, editor, selected: editor.text === page.editor.text ? page.selected : 0 })
}

function entered(state: State, page: RoomsPage): Next {
  const typed = page.editor.text.trim()
  if (typed.startsWith('/')) return submitLine(state, typed)
  const row = roomRows(state.rooms, page.editor.text)[page.selected]
  return row === undefined ? next(state) : enterRow(state, row)
}

export function enterRow(state: State, row: Row): Next {
  if (row.room !== undefined) return enterRoom(state, row.room)
  if (row.label.includes('#')) return joinRoom(state, row.label)
  if (!roomName.test(row.label)) {
    return next(problem(state, `"${row.label}" isn't a valid room name.`, 'Use 2 to 64 letters, digits, - or _.'))
  }
  return createFromList(state, row.label)
}
