/** The cells of a terminal as an SVG: text stays text, and each run of cells is placed by column, whatever the font. */
import type { IBufferCell, Terminal } from '@xterm/headless'

/** What the terminal makes of the sixteen colours, and of no colour. */
interface Ground {
  readonly sixteen: readonly string[]
  readonly back: string
  readonly ink: string
}

export type Background = 'dark' | 'light'

const grounds: Readonly<Record<Background, Ground>> = {
  dark: {
    sixteen: [
      ...['#3b4048', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4'],
      ...['#5c6370', '#ef8b93', '#b5d89a', '#f0d399', '#8cc8ff', '#d9a0e8', '#7fd0da', '#ffffff'],
    ],
    back: '#1e2127',
    ink: '#c8ccd4',
  },
  light: {
    sixteen: [
      ...['#383a42', '#c9392c', '#3f8f3f', '#9a6700', '#2f62d9', '#9a1f8f', '#0f7c8f', '#a0a1a7'],
      ...['#696c77', '#d84a3d', '#4f9f4f', '#a87400', '#4876e8', '#ab3aa0', '#218ca0', '#fafafa'],
    ],
    back: '#fafafa',
    ink: '#383a42',
  },
}
const colourNames = { red: 1, green: 2, yellow: 3, blue: 4, magenta: 5, cyan: 6 } as const

const cell = { width: 8.4, height: 18, font: 14 }
const margin = 16

export interface Picture {
  readonly title: string
  readonly background: Background
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
  const ground = grounds[picture.background]
  const width = terminal.cols * cell.width + margin * 2
  const height = terminal.rows * cell.height + margin * 2
  const parts: string[] = []
  for (let row = 0; row < terminal.rows; row += 1) {
    for (const run of runsOf(terminal, row, ground)) {
      const text = picture.replace(run.text)
      const person = picture.people[text.trim()]
      parts.push(
        ...drawRun(
          { ...run, text },
          row,
          person === undefined ? run.looks.colour : (ground.sixteen[colourNames[person]] ?? ground.ink),
        ),
      )
    }
  }
  const x = margin + active.cursorX * cell.width
  const y = margin + active.cursorY * cell.height
  parts.push(
    `<rect x="${round(x)}" y="${y}" width="${cell.width}" height="${cell.height}" fill="${ground.ink}" opacity="0.7"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${height}" width="${round(width)}" height="${height}" role="img">`,
    `<title>${escaped(picture.title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${ground.back}"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.font}" xml:space="preserve">`,
    ...parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

/** Adjacent cells with the same style; a wide cell is separate, so that fonts can't shift what follows. */
function runsOf(terminal: Terminal, row: number, ground: Ground): readonly Run[] {
  const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + row)
  const runs: Run[] = []
  for (let column = 0; column < terminal.cols; column += 1) {
    const found = line?.getCell(column)
    if (found === undefined || found.getWidth() === 0) continue
    const looks = looksOf(found, ground)
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

function looksOf(found: IBufferCell, ground: Ground): Looks {
  const colour = found.isFgDefault() ? ground.ink : colourOf(found.getFgColor(), found.isFgRGB(), ground)
  const back = found.isBgDefault() ? undefined : colourOf(found.getBgColor(), found.isBgRGB(), ground)
  const [bold, dim] = [found.isBold() !== 0, found.isDim() !== 0]
  return found.isInverse() === 0
    ? { colour, back, bold, dim }
    : { colour: back ?? ground.back, back: colour, bold, dim }
}

/** As xterm has the 256: the sixteen, a cube of six steps, greys. */
function colourOf(value: number, isRgb: boolean, ground: Ground): string {
  if (isRgb) return `#${value.toString(16).padStart(6, '0')}`
  if (value < 16) return ground.sixteen[value] ?? ground.ink
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
