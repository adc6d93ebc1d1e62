/** The input line as rows, with the cursor's place in them. Broken by columns, not by words. Pure. */
import type { Editor } from '../input/editor.ts'
import { graphemes, widthOf } from '../text/width.ts'

interface InputRows {
  readonly rows: readonly string[]
  readonly cursor: { readonly row: number; readonly column: number }
}

/** At most `rowsMax` rows, including the one with the cursor. `mask`: shown for each grapheme of a passphrase. */
export function inputRows(editor: Editor, columns: number, rowsMax: number, mask?: string): InputRows {
  const rows: string[] = ['']
  let width = 0
  let at = 0
  let cursor = { row: 0, column: 0 }
  for (const grapheme of [...graphemes(editor.text), '']) {
    const shown = mask === undefined || grapheme === '' ? grapheme : mask
    const size = widthOf(shown)
    if (grapheme !== '\n' && width + Math.max(size, 1) > columns) {
      rows.push('')
      width = 0
    }
    if (at === editor.cursor) cursor = { row: rows.length - 1, column: width }
    at += grapheme.length
    if (grapheme === '\n') {
      rows.push('')
      width = 0
    } else {
      rows[rows.length - 1] += shown
      width += size
    }
  }
  const first = Math.max(0, Math.min(cursor.row - (rowsMax >> 1), rows.length - rowsMax))
  return { rows: rows.slice(first, first + rowsMax), cursor: { row: cursor.row - first, column: cursor.column } }
}
