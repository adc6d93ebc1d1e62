/** The room list, key by key. Pure. */
import { editWith, emptyEditor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { chordOf } from '../../chat/chord.ts'
import { nextAttention } from './attention.ts'
import { boundTo, roomOfAction } from './key-table.ts'
import { backFromRooms, createFromList, enterRoom, joinRoom, roomNumber } from './navigation.ts'
import { next, problem } from './next.ts'
import { roomRows } from './room-list.ts'
import type { Next, RoomsPage, State } from './state.ts'
import { submitLine } from './submit.ts'

const roomName = /^[A-Za-z0-9_-]{2,64}$/

export function roomsInput(state: State, page: RoomsPage, input: Input): Next {
  const to = (after: RoomsPage): Next => next({ ...state, page: after })
  if (input.kind === 'key') {
    const { name, ctrl, alt } = input
    const count = roomRows(state.rooms, page.editor.text).length
    if (name === 'escape') {
      return page.editor.text === '' ? backFromRooms(state, page) : to({ ...page, editor: emptyEditor, selected: 0 })
    }
    if (name === 'enter' && !alt) return entered(state, page)
    if (!alt && (name === 'up' || (ctrl && name === 'p')))
      return to({ ...page, selected: Math.max(0, page.selected - 1) })
    if (!alt && (name === 'down' || (ctrl && name === 'n') || name === 'tab')) {
      return to({ ...page, selected: Math.max(0, Math.min(count - 1, page.selected + 1)) })
    }
    if (name === 'page-up') return to({ ...page, selected: 0 })
    if (name === 'page-down') return to({ ...page, selected: Math.max(0, count - 1) })
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
  if (row === undefined) return next(state)
  if (row.room !== undefined) return enterRoom(state, row.room)
  if (row.label.includes('#')) return joinRoom(state, row.label)
  if (!roomName.test(row.label)) {
    return next(problem(state, `"${row.label}" isn't a valid room name.`, 'Use 2 to 64 letters, digits, - or _.'))
  }
  return createFromList(state, row.label)
}
