/** Lines of a timeline: ` 14:02   Yunhua │ text`, compact ` 14:02 Yunhua│text`, further lines under the text. Pure. */
import { bars, type Part } from '../../chat/wording.ts'
import type { Line, Style } from '../text/style.ts'
import { span, textOfLine } from '../text/style.ts'
import { padStart, truncate, widthOf } from '../text/width.ts'
import { linkedRows } from '../text/links.ts'
import { messageRows, type Reading } from '../text/message-rows.ts'
import { wrap } from '../text/wrap.ts'

export interface Gutter {
  /** Columns of the pane. */
  readonly columns: number
  readonly nameColumns: number
  /** Without spaces around the bar: each column is needed for text. */
  readonly compact?: boolean
  /** No gutter: texts begin in the first column, and the program's words are inverted, as no text can be. */
  readonly bare?: boolean
}

export interface Name {
  readonly text: string
  readonly style: Style
}

export const noName: Name = { text: '', style: {} }

const dim: Style = { dim: true }

export function textColumns({ columns, nameColumns, compact, bare }: Gutter): number {
  if (bare === true) return columns
  return Math.max(8, columns - nameColumns - (compact === true ? 9 : 11))
}

/** `program`: words of its own under a name that no person can have, which need no dot. */
type Words = Part | { readonly kind: 'program'; readonly text: string }

/** The program's words go on further in, so that what they quote begins no line. */
export function beside(
  time: string,
  name: Name,
  { kind, text }: Words,
  style: Style,
  gutter: Gutter,
  reading?: Reading,
): readonly Line[] {
  const columns = textColumns(gutter)
  if (gutter.bare === true) {
    const head = [time, name.text, ...(kind === 'text' ? [] : [text])].filter((part) => part !== '').join(' ')
    const rows = head === '' ? [] : wrap(head, columns).map((row) => announced([span(row)]))
    return kind === 'text' ? [...rows, ...messageRows(text, columns, style, reading)] : rows
  }
  const bar = bars[kind === 'mark' ? 'mark' : 'text']
  const hungRows = (): readonly string[] => text.split('\n').flatMap((line) => hung(line, columns))
  const rows = kind === 'text' ? messageRows(text, columns, style, reading) : linkedRows(text, hungRows(), style)
  return rows.map((parts, index) => [
    span(index === 0 ? ` ${time.padEnd(5)} ` : '       ', dim),
    span(padStart(index === 0 ? name.text : '', gutter.nameColumns), name.style),
    span(gutter.compact === true ? bar : ` ${bar} `, dim),
    ...parts,
  ])
}

function hung(text: string, columns: number): readonly string[] {
  const [first = '', ...more] = wrap(text, columns - 2)
  return [first, ...more.map((row) => `  ${row}`)]
}

/** The lines of the selected message: marked by a sign, and inverted. */
export function marked(lines: readonly Line[]): readonly Line[] {
  return lines.map((parts, index) => {
    const [first, ...rest] = parts
    const text = first?.text ?? ''
    return [
      span(index === 0 ? `›${text.slice(1)}` : text, { inverse: true, bold: true }),
      ...rest.map((part) => span(part.text, { ...part.style, dim: false, inverse: true })),
    ]
  })
}

/** What the program says in bare mode: from the first column, inverted. */
export function announced(line: Line): Line {
  return [span(textOfLine(line).replace(/^[ ─]{2,}|[ ─]{2,}$/g, ''), { inverse: true })]
}

/** A line between messages. */
export function between(line: Line, { bare }: Gutter): Line {
  return bare === true ? announced(line) : line
}

export function divider(text: string, columns: number, style: Style = dim): Line {
  const shown = ` ${truncate(text, columns - 8)} `
  const dashes = Math.max(0, columns - 2 - widthOf(shown))
  const before = '─'.repeat(dashes >> 1)
  return [span(' '), span(`${before}${shown}${'─'.repeat(dashes - (dashes >> 1))}`, style)]
}

/** A quiet remark in the middle of the pane. */
export function remark(text: string, columns: number): Line {
  const shown = truncate(text, columns - 2)
  return [span(' '.repeat((columns - widthOf(shown)) >> 1)), span(shown, dim)]
}
