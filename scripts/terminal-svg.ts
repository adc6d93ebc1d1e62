/** The cells of a terminal as an SVG: text stays text, and each run of cells is placed by column, whatever the font. */
import type { IBufferCell, Terminal } from '@xterm/headless'

/** The sixteen colours, on a dark background. */
const palette = [
  '#3b4048',
  '#e06c75',
  '#98c379',
  '#e5c07b',
  '#61afef',
  '#c678dd',
  '#56b6c2',
  '#c8ccd4',
  '#5c6370',
  '#ef8b93',
  '#b5d89a',
  '#f0d399',
  '#8cc8ff',
  '#d9a0e8',
  '#7fd0da',
  '#ffffff',
] as const
const colourNames = { red: 1, green: 2, yellow: 3, blue: 4, magenta: 5, cyan: 6 } as const
const ground = '#1e2127'
const ink = '#c8ccd4'

const cell = { width: 8.4, height: 18, font: 14 }
const margin = 16

export interface Picture {
  readonly title: string
  /** Names with their own colour: in the picture always this one. */
  readonly people: Readonly<Record<string, keyof typeof colourNames>>
  /** Replaces what differs between runs with text of the same width. */
  readonly replace: (text: string) => string
}

interface Run {
  readonly column: number
  columns: number
  text: string
  readonly looks: Looks
}

interface Looks {
  readonly colour: string
  readonly back: string | undefined
  readonly bold: boolean
  readonly dim: boolean
}

export function svgOf(terminal: Terminal, picture: Picture): string {
  const { active } = terminal.buffer
  const width = terminal.cols * cell.width + margin * 2
  const height = terminal.rows * cell.height + margin * 2
  const parts: string[] = []
  for (let row = 0; row < terminal.rows; row += 1) {
    for (const run of runsOf(terminal, row)) {
      const text = picture.replace(run.text)
      const person = picture.people[text.trim()]
      parts.push(
        ...drawRun({ ...run, text }, row, person === undefined ? run.looks.colour : palette[colourNames[person]]),
      )
    }
  }
  const x = margin + active.cursorX * cell.width
  const y = margin + active.cursorY * cell.height
  parts.push(
    `<rect x="${round(x)}" y="${y}" width="${cell.width}" height="${cell.height}" fill="${ink}" opacity="0.7"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${height}" width="${round(width)}" height="${height}" role="img">`,
    `<title>${escaped(picture.title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${ground}"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.font}" xml:space="preserve">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Adjacent cells with the same style; a wide cell is separate, so that fonts can't shift what follows. */
function runsOf(terminal: Terminal, row: number): readonly Run[] {
  const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + row)
  const runs: Run[] = []
  for (let column = 0; column < terminal.cols; column += 1) {
    const found = line?.getCell(column)
    if (found === undefined || found.getWidth() === 0) continue
    const looks = looksOf(found)
    const text = found.getChars() === '' ? ' ' : found.getChars()
    const last = runs.at(-1)
    const joins =
      last !== undefined && found.getWidth() === 1 && same(last.looks, looks) && last.columns === last.text.length
    if (joins) {
      last.text += text
      last.columns += 1
    } else runs.push({ column, columns: found.getWidth(), text, looks })
  }
  return runs
}

function drawRun(run: Run, row: number, colour: string): readonly string[] {
  const x = margin + run.column * cell.width
  const y = margin + row * cell.height
  const { back, bold, dim } = run.looks
  const drawn: string[] = []
  if (back !== undefined) {
    drawn.push(
      `<rect x="${round(x)}" y="${y}" width="${round(run.columns * cell.width)}" height="${cell.height}" fill="${back}"/>`,
    )
  }
  const indent = run.text.length - run.text.trimStart().length
  const text = run.text.trim()
  if (text === '') return drawn
  const columns = run.columns === run.text.length ? text.length : run.columns
  const looks = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.55"' : ''}`
  const place = `x="${round(x + indent * cell.width)}" y="${y + cell.font}" textLength="${round(columns * cell.width)}"`
  drawn.push(`<text ${place} lengthAdjust="spacingAndGlyphs" fill="${colour}"${looks}>${escaped(text)}</text>`)
  return drawn
}

function looksOf(found: IBufferCell): Looks {
  const colour = found.isFgDefault() ? ink : colourOf(found.getFgColor(), found.isFgRGB())
  const back = found.isBgDefault() ? undefined : colourOf(found.getBgColor(), found.isBgRGB())
  const [bold, dim] = [found.isBold() !== 0, found.isDim() !== 0]
  return found.isInverse() === 0 ? { colour, back, bold, dim } : { colour: back ?? ground, back: colour, bold, dim }
}

/** As xterm has the 256: the sixteen, a cube of six steps, greys. */
function colourOf(value: number, isRgb: boolean): string {
  if (isRgb) return `#${value.toString(16).padStart(6, '0')}`
  if (value < 16) return palette[value] ?? ink
  const step = (part: number): number => (part === 0 ? 0 : 55 + 40 * part)
  const rgb =
    value >= 232
      ? Array.from({ length: 3 }, () => 8 + 10 * (value - 232))
      : [Math.floor((value - 16) / 36), Math.floor((value - 16) / 6) % 6, (value - 16) % 6].map(step)
  return `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

function same(a: Looks, b: Looks): boolean {
  return a.colour === b.colour && a.back === b.back && a.bold === b.bold && a.dim === b.dim
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
