/** Values in human-readable form: tables, sizes, counts. */
import { sanitizeLine } from '../../tui/sanitize.ts'
import { padEnd, widthOf } from '../../tui/text/width.ts'

/** Aligned columns, two spaces apart; a cell is one line and has no two spaces in a row, so that it can't pass for two. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => sanitizeLine(cell).replace(/\s{2,}/g, ' ')))
  const widths: number[] = []
  for (const row of cells) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))))
  return cells
    .map((row) =>
      row
        .map((cell, at) => padEnd(cell, widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** 12.3 MiB */
export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, size)) / 10))
  const scaled = size / 1024 ** power
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : Number(scaled.toFixed(1))} ${units[power]}`
}
