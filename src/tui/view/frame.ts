/** What a view makes of a state: every row of the screen, and the cursor. */
import type { Line } from '../text/style.ts'
import { fit } from '../text/style.ts'

export interface Frame {
  /** As many as the screen has rows. */
  readonly rows: readonly Line[]
  /** Undefined: no cursor is shown. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined
}

/** Exactly as many rows and columns as the screen has. */
export function frame(lines: readonly Line[], columns: number, rows: number, cursor?: Frame['cursor']): Frame {
  const fitted = Array.from({ length: rows }, (_, row) => fit(lines[row] ?? [], columns))
  const inside = cursor !== undefined && cursor.row < rows && cursor.column < columns
  return { rows: fitted, cursor: inside ? cursor : undefined }
}
