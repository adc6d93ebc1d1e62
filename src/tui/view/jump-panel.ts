/** The person's rooms, over the upper part of the conversation, and the letters that they are found by. Pure. */
import { keyHint } from '../state/key-table.ts'
import { jumpRows } from '../state/jump.ts'
import type { ChatPage, JumpPanel, State } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { fitHints, padEnd, widthOf } from '../text/width.ts'
import { divider } from './gutter.ts'
import { inputRows } from './input-line.ts'
import { remarks } from './rooms-view.ts'

const listRowsMax = 12
const prompt = ' > '

export interface JumpView {
  readonly lines: readonly Line[]
  /** Within the lines. */
  readonly cursor: { readonly row: number; readonly column: number }
}

export function jumpView(state: State, page: ChatPage, panel: JumpPanel, columns: number, rows: number): JumpView {
  const all = jumpRows(state, page, panel.editor.text)
  const space = Math.max(1, Math.min(listRowsMax, rows - 3))
  const first = Math.max(0, Math.min(panel.selected - (space >> 1), all.length - space))
  const widest = Math.max(8, ...all.map(({ label }) => widthOf(label)))
  const labelColumns = Math.min(widest, Math.max(8, columns >> 1))
  const digits = String(Math.max(0, ...all.map(({ number = 0 }) => number))).length
  const list = all.slice(first, first + space).map(({ room, label, number }, index): Line => {
    const isSelected = first + index === panel.selected
    const style: Style = isSelected ? { bold: true, inverse: true } : {}
    const shown = number === undefined ? '' : String(number)
    const line = [
      span(isSelected ? ' › ' : '   ', { bold: true }),
      span(`${shown.padStart(digits)} `, { dim: true }),
      span(` ${padEnd(label, labelColumns)} `, style),
      span(' '),
      ...remarks(room, state.now),
    ]
    return clickable(line, { kind: 'row', list: 'jump', key: room.id })
  })
  const again = keyHint(state.preferences, 'find-room', 'all rooms')
  const none: Line = [span(`   None of your rooms matches.${again === '' ? '' : ` ${again}.`}`, { dim: true })]
  const { rows: typed, cursor } = inputRows(panel.editor, columns - prompt.length, 1)
  return {
    lines: [
      divider('Go to a room', columns, { bold: true }),
      [span(prompt, { bold: true }), span(typed[0] ?? '')],
      ...(list.length === 0 ? [none] : list),
      divider(
        fitHints(['Enter: open', ...(again === '' ? [] : [again]), 'Esc: close'].join(' · '), columns - 8),
        columns,
      ),
    ],
    cursor: { row: 1, column: cursor.column + prompt.length },
  }
}
