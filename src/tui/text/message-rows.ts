/** The rows of a message's text: its markup drawn, its spoilers covered, its links underlined, wrapped. Pure. */
import { along, linkedRows, linksIn, linkStyle, spansAlong } from './links.ts'
import { blocks, format, formatsOf, runsOf } from './markdown.ts'
import { span, type Line, type Style } from './style.ts'
import { wrap, wrapHard } from './wrap.ts'

export interface Reading {
  /** Caches the rows, for as long as it lives. */
  readonly owner?: object | undefined
  /** Whether spoilers are uncovered. */
  readonly uncovered?: boolean
}

interface Drawn {
  readonly text: string
  readonly columns: number
  readonly uncovered: boolean
  readonly rows: readonly Line[]
}

/** Rows live as long as their owner: nothing is kept of a message that left the window. */
const kept = new WeakMap<object, Drawn>()

export function messageRows(
  text: string,
  columns: number,
  style: Style,
  { owner = {}, uncovered = false }: Reading = {},
): readonly Line[] {
  const last = kept.get(owner)
  const isSame = last?.text === text && last.columns === columns && last.uncovered === uncovered
  const drawn = isSame ? last : { text, columns, uncovered, rows: draw(text, columns, uncovered) }
  if (!isSame) kept.set(owner, drawn)
  if (Object.keys(style).length === 0) return drawn.rows
  return drawn.rows.map((row) => row.map((part) => span(part.text, { ...style, ...part.style })))
}

function draw(text: string, columns: number, uncovered: boolean): readonly Line[] {
  const formats = formatsOf(text)
  if (formats === undefined) return linkedRows(text, wrap(text, columns), {})
  let shown = ''
  const bitsAt: number[] = []
  for (const { from, to, bits } of runsOf(formats)) {
    const isCovered = (bits & format.spoiler) !== 0 && !uncovered
    // The marks of a spoiler that is uncovered say which part it was.
    const isMark = (bits & format.dropped) !== 0
    if (isMark && (isCovered || (bits & format.spoiler) === 0)) continue
    const part = isCovered ? blocks(text.slice(from, to)) : text.slice(from, to)
    // Formatting inside it is hidden too.
    for (let at = 0; at < part.length; at += 1) bitsAt.push(isCovered ? format.spoiler : bits)
    shown += part
  }
  const linkAt = along(linksIn(shown))
  const styles = new Map<string, Style>()
  const styleAt = (at: number): Style => {
    const url = linkAt(at)?.url
    const key = `${bitsAt[at] ?? 0} ${url ?? ''}`
    const known = styles.get(key) ?? linkStyle(styleOf(bitsAt[at] ?? 0), url)
    styles.set(key, known)
    return known
  }
  return spansAlong(shown, wrapped(shown, bitsAt, columns), styleAt)
}

/** Lines of a fence are broken by columns, so that their spaces stay. */
function wrapped(shown: string, bitsAt: readonly number[], columns: number): readonly string[] {
  let at = 0
  return shown.split('\n').flatMap((line) => {
    const isFenced = ((bitsAt[at] ?? 0) & format.fenced) !== 0
    at += line.length + 1
    return isFenced ? wrapHard(line, columns) : wrap(line, columns)
  })
}

function styleOf(bits: number): Style {
  const has = (bit: number): boolean => (bits & bit) !== 0
  return {
    ...(has(format.bold) && { bold: true }),
    ...(has(format.italic) && { italic: true }),
    ...(has(format.code) && !has(format.mark) && { colour: 'cyan' }),
    ...((has(format.mark) || has(format.quote)) && { dim: true }),
  }
}
