/**
 * Computes the bytes that turn one frame into the next. Pure.
 *
 * Unchanged rows are skipped. What follows a character that terminals measure differently (an emoji, a cluster of several
 * code points) is positioned at its column, so that a terminal that disagrees shows that character wrongly and nothing
 * else. Only printable text leaves a span: this is the last line of defence, behind sanitize.
 */
import { addressOf, linkId } from '../text/links.ts'
import type { Line, Span, Style } from '../text/style.ts'
import { graphemes, widthOf } from '../text/width.ts'
import type { Frame } from '../view/frame.ts'
import type { Palette } from './palette.ts'

/** What is on the screen. */
export interface Painted {
  readonly rows: readonly string[]
  readonly cursor: string
}

export const nothingPainted: Painted = { rows: [], cursor: '' }

/** Begin and end of a synchronized update: terminals that know it show the frame whole, others ignore it. */
const beginUpdate = '\x1b[?2026h\x1b[?25l'
const endUpdate = '\x1b[?2026l'

export interface PaintOptions {
  /** Whether the terminal takes OSC 8, and shows none of it as text. */
  readonly links?: boolean
  /** Whether it draws an emoji of several code points as one; otherwise only the first is written. */
  readonly clusters?: boolean
}

export function paint(
  before: Painted,
  frame: Frame,
  palette: Palette,
  { links = false, clusters = true }: PaintOptions = {},
): { painted: Painted; output: string } {
  const rows = frame.rows.map((row) => encodeRow(row, palette, links, clusters))
  const cursor = frame.cursor === undefined ? '' : `\x1b[${frame.cursor.row + 1};${frame.cursor.column + 1}H\x1b[?25h`
  let output = ''
  for (const [index, row] of rows.entries()) {
    const old = before.rows[index]
    if (row === old) continue
    // Where widths may differ, cells that neither width overwrites would keep old contents.
    const isStale = old === undefined || frame.ragged === true || doubtful(row) || doubtful(old)
    const erase = isStale ? '\x1b[2K' : ''
    output += `\x1b[${index + 1};1H${erase}${row}`
  }
  if (before.rows.length > rows.length) output += `\x1b[${rows.length + 1};1H\x1b[J`
  if (output === '' && cursor === before.cursor) return { painted: before, output: '' }
  return { painted: { rows, cursor }, output: beginUpdate + output + cursor + endUpdate }
}

function encodeRow(row: Line, palette: Palette, links: boolean, clusters: boolean): string {
  let encoded = ''
  let column = 0
  let sure = true
  let style = ''
  let link = ''
  for (const part of row) {
    if (part.text === '') continue
    const text = printable(part)
    const wanted = encodeStyle(part.style, palette)
    if (wanted !== style) encoded += `\x1b[0${wanted}m`
    style = wanted
    const leadsTo = links ? encodeLink(part.style) : ''
    if (leadsTo !== link) encoded += leadsTo === '' ? endLink : leadsTo
    link = leadsTo
    for (const piece of pieces(text)) {
      if (!sure) encoded += `\x1b[${column + 1}G`
      encoded += clusters || piece.sure ? piece.text : firstOf(piece.text)
      column += widthOf(piece.text)
      sure = piece.sure
    }
    // The next span starts at its own column wherever anything in this one may be measured differently.
    sure = !doubtful(text)
  }
  if (link !== '') encoded += endLink
  return style === '' ? encoded : `${encoded}\x1b[0m`
}

const endLink = '\x1b]8;;\x1b\\'

function encodeLink({ link }: Style): string {
  const address = link === undefined ? undefined : addressOf(link)
  return address === undefined ? '' : `\x1b]8;id=${linkId(address)};${address}\x1b\\`
}

function printable(part: Span): string {
  return part.text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

interface Piece {
  readonly text: string
  /** Whether every terminal is as wide with it as we are. */
  readonly sure: boolean
}

/** Letters, digits and punctuation: their widths have been the same in all tables for decades. Not jamo, which combine. */
const settled = /^[[\x20-\x7e\p{L}\p{Nd}\p{P}─│┬┴]--[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]]*$/v

/** A text as runs that all terminals measure alike, and single characters that they may not. */
function pieces(text: string): readonly Piece[] {
  if (settled.test(text)) return [{ text, sure: true }]
  const all: Piece[] = []
  let run = ''
  for (const grapheme of graphemes(text)) {
    if (settled.test(grapheme)) {
      run += grapheme
      continue
    }
    if (run !== '') all.push({ text: run, sure: true })
    run = ''
    all.push({ text: grapheme, sure: false })
  }
  if (run !== '') all.push({ text: run, sure: true })
  return all
}

/** An emoji without what joins it to others: its first code point, or the letters of a flag. */
function firstOf(grapheme: string): string {
  const letters = Array.from(grapheme.matchAll(/\p{RI}/gu), ([letter]) =>
    String.fromCharCode((letter.codePointAt(0) ?? 0) - 0x1f1e6 + 65),
  )
  if (letters.length > 0) return letters.join('')
  return /[\p{Extended_Pictographic}\u20e3]/u.test(grapheme) ? grapheme.replace(/^(.).*$/su, '$1') : grapheme
}

/** Whether terminals may disagree about the width; the characters that frames are made of are safe. */
function doubtful(text: string): boolean {
  return /[^\x20-\x7e\x1b─│┬┴…·•›‹]/.test(text)
}

function encodeStyle(style: Style, palette: Palette): string {
  let encoded = ''
  if (style.bold === true) encoded += ';1'
  if (style.dim === true) encoded += style.colour === undefined ? palette.dim : ';2'
  if (style.italic === true) encoded += ';3'
  if (style.underline === true) encoded += ';4'
  if (style.inverse === true) encoded += ';7'
  if (style.colour !== undefined) encoded += palette.colour(style.colour)
  return encoded
}
