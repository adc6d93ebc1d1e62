/** A rendered state: every row of the screen, and the cursor. */
import type { State } from '../state/state.ts'
import type { Line } from '../text/style.ts'
import { fit, lineWidth, span } from '../text/style.ts'
import { fitHints } from '../text/width.ts'
import type { Footer } from './notices.ts'
import { noticeLines } from './notices.ts'
import { sheetLines } from './sheet.ts'
import { connectionSpan } from './status.ts'

export interface Frame {
  /** As many as the screen has rows. */
  readonly rows: readonly Line[]
  /** Rows end with their text, so that selecting them takes no blanks along. */
  readonly ragged?: true
  /** Undefined: no cursor is shown. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined
}

/** Exactly as many rows and columns as the screen has. */
export function frame(lines: readonly Line[], columns: number, rows: number, cursor?: Frame['cursor']): Frame {
  const fitted = Array.from({ length: rows }, (_, row) => fit(lines[row] ?? [], columns))
  const inside = cursor !== undefined && cursor.row < rows && cursor.column < columns
  return { rows: fitted, cursor: inside ? cursor : undefined }
}

/** As `frame`, without filling the rows. */
export function raggedFrame(lines: readonly Line[], columns: number, rows: number): Frame {
  const cut = Array.from({ length: rows }, (_, row) => {
    const line = lines[row] ?? []
    return lineWidth(line) > columns ? fit(line, columns) : line
  })
  return { rows: cut, cursor: undefined, ragged: true }
}

interface PageParts {
  readonly title: string
  /** Called with the number of rows available. */
  readonly body: (rows: number) => readonly Line[]
  /** Keys that do something here. */
  readonly keys: string
  readonly footer: Footer
}

export function pageFrame(state: State, parts: PageParts): Frame {
  const { columns, rows } = state.size
  const notice = noticeLines(state, columns)
  const { footer } = parts
  const space = Math.max(1, rows - 4 - notice.length - footer.lines.length)
  const body = state.sheet === undefined ? parts.body(space) : sheetLines(state.sheet, columns, space)
  const rule: Line = [span('─'.repeat(columns), { dim: true })]
  const lines: Line[] = [
    header(state, parts.title),
    rule,
    ...Array.from({ length: space }, (_, row) => body[row] ?? []),
    rule,
    keysLine(state, parts.keys),
    ...notice,
  ]
  const cursor =
    footer.cursor && state.sheet === undefined && state.busy === undefined
      ? { row: lines.length + footer.cursor.row, column: footer.cursor.column }
      : undefined
  return frame([...lines, ...footer.lines], columns, rows, cursor)
}

function header(state: State, title: string): Line {
  const { columns } = state.size
  const left: Line = [span(' Conclave', { bold: true }), span(`   ${title}`)]
  const right: Line = [
    span(state.self === undefined ? `${state.program.version} ` : `${state.self.name} `, { dim: true }),
  ]
  const space = columns - lineWidth(right)
  return lineWidth(left) + 1 > space ? fit(left, columns) : [...fit(left, space), ...right]
}

function keysLine(state: State, keys: string): Line {
  const { columns } = state.size
  // Before login the store has not been asked yet.
  const store =
    state.self === undefined ? span(state.program.storeLabel, { dim: true }) : connectionSpan(state.connection)
  const right: Line = [store, span(' ')]
  const space = columns - lineWidth(right)
  const left: Line = [span(` ${keys}`, { dim: true })]
  if (lineWidth(left) + 2 <= space) return [...fit(left, space), ...right]
  // An error that doesn't fit beside the key hints replaces them.
  const away = state.self !== undefined && state.connection.state !== 'online'
  return fit(away ? [span(' '), store] : [span(` ${fitHints(keys, columns - 2)}`, { dim: true })], columns)
}
