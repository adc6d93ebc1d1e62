/**
 * The width of a text in columns, counted by grapheme: what a person sees as one character (a letter with its accents,
 * an emoji of several people) is never split. Pure; remembers the widths of graphemes that it has measured.
 */
import { createRequire } from 'node:module'
import type measure from 'string-width'

const load = createRequire(import.meta.url)
/** Loaded for the first text that needs them: both together take as long as starting Node does. */
let stringWidth: typeof measure | undefined
let segmenter: Intl.Segmenter | undefined

/** Of one grapheme; forgotten all at once. Longer ones, which have no bound, are measured each time. */
const widths = new Map<string, number>()
const widthsMax = 4096
const rememberedLength = 16

/**
 * Printable ASCII, Latin and Cyrillic letters, typographic marks, lines and boxes: one code unit is one column, so the
 * slow segmenter isn't needed.
 */
const plain = /^[\x20-\x7e\xa1-\xac\xae-\u024f\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2500-\u257f]*$/

export function isPlain(text: string): boolean {
  return plain.test(text)
}

export function graphemes(text: string): string[] {
  if (plain.test(text)) return text.split('')
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), (part) => part.segment)
}

export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme)
  return width
}

function graphemeWidth(grapheme: string): number {
  const known = widths.get(grapheme)
  if (known !== undefined) return known
  stringWidth ??= (load('string-width') as { readonly default: typeof measure }).default
  const width = stringWidth(grapheme)
  if (grapheme.length > rememberedLength) return width
  if (widths.size === widthsMax) widths.clear()
  widths.set(grapheme, width)
  return width
}

/** The text cut to at most `columns`, with an ellipsis if something was cut off. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return ''
  if (widthOf(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const grapheme of graphemes(text)) {
    const next = width + widthOf(grapheme)
    if (next > columns - 1) break
    kept += grapheme
    width = next
  }
  return `${kept}…`
}

/** Exactly `columns` wide: cut, or filled with spaces on the right. */
export function padEnd(text: string, columns: number): string {
  const cut = truncate(text, columns)
  return cut + ' '.repeat(Math.max(0, columns - widthOf(cut)))
}

/** Exactly `columns` wide: cut, or filled with spaces on the left. */
export function padStart(text: string, columns: number): string {
  const cut = truncate(text, columns)
  return ' '.repeat(Math.max(0, columns - widthOf(cut))) + cut
}

/** Key hints, separated by dots: whole ones only, the first and the last before those between them. */
export function fitHints(text: string, columns: number): string {
  const hints = text.split(' · ')
  while (hints.length > 1 && widthOf(hints.join(' · ')) > columns) hints.splice(hints.length > 2 ? -2 : -1, 1)
  return truncate(hints.join(' · '), columns)
}
