/**
 * Breaks a text into lines of at most `columns`: between words where it can, inside a word where it must, never inside
 * a grapheme. Line breaks in the text are kept; spaces are dropped only where a line was broken at them. Pure.
 */
import { graphemes, isPlain, widthOf } from './width.ts'

/** Always at least one line. `columns` ≥ 1; a grapheme wider than that becomes `?`. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n')) wrapParagraph(paragraph, Math.max(1, columns), lines)
  return lines
}

/** One line, broken by columns: all its spaces stay. */
export function wrapHard(line: string, columns: number): string[] {
  if (isPlain(line) && line.length <= columns) return [line]
  const rows = ['']
  let width = 0
  for (const grapheme of graphemes(line)) {
    const size = Math.min(widthOf(grapheme), columns)
    if (width + size > columns) {
      rows.push('')
      width = 0
    }
    rows[rows.length - 1] += widthOf(grapheme) > columns ? '?' : grapheme
    width += size
  }
  return rows
}

function wrapParagraph(text: string, columns: number, lines: string[]): void {
  if (isPlain(text) ? text.length <= columns : widthOf(text) <= columns) {
    lines.push(text)
    return
  }
  let line = ''
  let width = 0
  const flush = () => {
    lines.push(line.trimEnd())
    line = ''
    width = 0
  }
  // Words with the spaces before them, so that indentation survives at the start of a paragraph.
  for (const [, spaces = '', word = ''] of text.matchAll(/( *)([^ ]*)/g)) {
    if (spaces === '' && word === '') continue
    const wordWidth = widthOf(word)
    if (width + spaces.length + wordWidth <= columns) {
      line += spaces + word
      width += spaces.length + wordWidth
      continue
    }
    if (word === '') continue
    const indent = width === 0 && lines.length === 0 ? spaces.slice(0, Math.max(0, columns >> 1)) : ''
    if (width > 0) {
      // A long word starts on the current line if that has enough room for a good part of it.
      if (wordWidth > columns && width + spaces.length < columns >> 1) {
        line += spaces
        width += spaces.length
      } else flush()
    } else {
      line = indent
      width = indent.length
    }
    for (const grapheme of wordWidth + width <= columns ? [word] : graphemes(word)) {
      const size = widthOf(grapheme)
      if (width > 0 && width + size > columns) flush()
      line += size > columns ? '?' : grapheme
      width += Math.min(size, columns)
    }
  }
  if (line !== '') lines.push(line.trimEnd())
}
