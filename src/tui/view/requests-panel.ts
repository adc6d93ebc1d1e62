/** Requests to join, over the conversation: each with its whole fingerprint, and what to know before accepting it. Pure. */
import { requestWarnings } from '../../chat/wording.ts'
import { requestRows, type RequestRow } from '../state/requests.ts'
import { roomLabel } from '../../chat/room-label.ts'
import type { ChatPage, RequestsPanel, State } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { clockTime } from '../text/time.ts'
import { fitHints, padEnd, widthOf } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'
import { divider } from './gutter.ts'
import { nameColours } from './name-colours.ts'

const fingerprintColumns = 29

export function requestLines(
  state: State,
  page: ChatPage,
  panel: RequestsPanel,
  columns: number,
  rows: number,
): readonly Line[] {
  const all = requestRows(state, page)
  const names = page.room.knocks.map(({ name }) => widthOf(name))
  const nameColumns = Math.max(4, Math.min(Math.max(0, ...names), columns - fingerprintColumns - 6))
  const lines: Line[] = []
  let [first, last] = [0, 0]
  for (const [index, row] of all.entries()) {
    if ('room' in row && !('room' in (all[index - 1] ?? {}))) {
      lines.push([], [span('   In other rooms', { dim: true })])
    }
    const isSelected = row.key === panel.selected
    if (isSelected) first = lines.length
    const on = { kind: 'row', list: 'requests', key: row.key } as const
    lines.push(...rowLines(state, page, row, isSelected, nameColumns, columns).map((line) => clickable(line, on)))
    if (isSelected) last = lines.length
  }
  const space = Math.max(1, rows - 2)
  const middle = Math.max(0, Math.min(first - (space >> 1), lines.length - space))
  // What to know of the selected one is in view, or at least its beginning.
  const top = Math.min(first, Math.max(middle, last - space))
  const count = page.room.knocks.length
  const title = `${count} ${count === 1 ? 'asks' : 'ask'} to join ${page.room.name}`
  return [
    divider(title, columns, { bold: true }),
    ...Array.from({ length: space }, (_, row): Line => lines[top + row] ?? []),
    divider(fitHints('a: accept · d: decline · D: decline all · Esc: close', columns - 8), columns),
  ]
}

function rowLines(
  state: State,
  page: ChatPage,
  row: RequestRow,
  isSelected: boolean,
  nameColumns: number,
  columns: number,
): readonly Line[] {
  const style: Style = isSelected ? { bold: true, inverse: true } : {}
  const sign = span(isSelected ? '›' : ' ', { bold: true })
  if ('room' in row) {
    const text = ` ${roomLabel(row.room, state.rooms)}  ${row.count} ${row.count === 1 ? 'asks' : 'ask'} to join `
    return [[sign, span(text, style), span('  Enter: open', { dim: true })]]
  }
  const { name, fingerprint, at } = row.knock
  const line: Line = [
    sign,
    span(
      ` ${padEnd(name, nameColumns)} `,
      isSelected ? style : { colour: nameColours(page.room.members)(fingerprint) },
    ),
    span(` ${fingerprint}`),
    span(`  ${clockTime(at)}`, { dim: true }),
  ]
  const warnings = requestWarnings(row.knock).flatMap((text) => wrap(text, columns - 4))
  return [line, ...warnings.map((text): Line => [span(`   ${text}`, { colour: 'red' })])]
}
