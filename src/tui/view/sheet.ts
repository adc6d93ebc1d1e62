/** Longer output over a page: a title, wrapped lines, and key hints. Pure. */
import type { Sheet } from '../state/state.ts'
import type { Line } from '../text/style.ts'
import { span } from '../text/style.ts'
import { wrap } from '../text/wrap.ts'
import { divider } from './gutter.ts'

export function sheetLines(sheet: Sheet, columns: number, rows: number): readonly Line[] {
  const body = sheetBody(sheet, columns)
  const space = Math.max(1, rows - 2)
  const top = Math.min(sheet.top, Math.max(0, body.length - space))
  const more = body.length > top + space ? 'PgDn: more · Esc: close' : 'Esc: close'
  return [
    divider(sheet.title, columns, { bold: true }),
    ...Array.from({ length: space }, (_, row): Line => [span(` ${body[top + row] ?? ''}`)]),
    divider(more, columns),
  ]
}

/** Scrolls no further than the end. */
export function scrollSheet(sheet: Sheet, lines: number, columns: number, rows: number): Sheet {
  const last = Math.max(0, sheetBody(sheet, columns).length - Math.max(1, rows - 2))
  return { ...sheet, top: Math.max(0, Math.min(last, sheet.top + lines)) }
}

/** Text after a wide gap stays in its column when wrapped. */
function sheetBody(sheet: Sheet, columns: number): readonly string[] {
  return sheet.lines.flatMap((text) => {
    const hang = /^(?: *\S.*?\S)? {2,}/.exec(text)?.[0].length ?? 0
    if (hang === 0 || hang > columns - 24) return wrap(text, columns - 2)
    const [first = '', ...rest] = wrap(text.slice(hang), columns - 2 - hang)
    return [text.slice(0, hang) + first, ...rest.map((part) => ' '.repeat(hang) + part)]
  })
}
