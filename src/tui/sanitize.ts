/**
 * Sanitizes other people's text before it gets near the screen. The result can't move the cursor, set a title, change
 * the direction of surrounding text, or hide anything: each character that would is shown as a mark instead.
 *
 * Kept are joiners if a script or an emoji needs them, variation selectors after what they vary, and combining marks up
 * to a bound. Pure, and idempotent: marks are ordinary characters.
 */
import { stripVTControlCharacters } from 'node:util'

/** Controls, formatting characters, line separators, lone surrogates, and everything else without a glyph. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u
/** These formatting characters have a glyph (signs before Arabic, Syriac and Kaithi numbers). */
const pictured = /[\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u
const joiner = /[\u200c\u200d]/u
const selector = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u
const tag = /[\u{e0020}-\u{e007f}]/u
const combining = /\p{M}/u
const pictographic = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u
const varied = /[\p{Extended_Pictographic}\p{Script=Han}\p{Script=Mongolian}\p{Script=Myanmar}\p{Sm}\p{So}0-9#*]/u
/** Scripts whose letters are joined, or kept apart, by a joiner. */
const joining =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}]/u

/** More combining marks than this on one letter run into the lines above it. */
const marksMax = 6
const suspicious = new RegExp(`${hidden.source}|${combining.source}`, 'u')

/**
 * A text of several lines: line breaks stay, a tab becomes four spaces. `mark` gives the replacement for a forbidden
 * character.
 */
export function sanitize(text: string, mark: (character: string) => string = markFor): string {
  if (!suspicious.test(text)) return text
  const characters = Array.from(text.replaceAll('\r\n', '\n'))
  let out = ''
  let marks = 0
  for (const [index, character] of characters.entries()) {
    if (character === '\n') out += '\n'
    else if (character === '\t') out += '    '
    else if (hidden.test(character) && !pictured.test(character) && !wanted(characters, index)) out += mark(character)
    else if (combining.test(character) && !selector.test(character)) {
      marks += 1
      if (marks <= marksMax) out += character
      else if (marks === marksMax + 1) out += '…'
      continue
    } else out += character
    marks = 0
  }
  return out
}

/** One line: a name, a topic, an error. Line breaks become marks too. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '␊')
}

/** Whether a character without a glyph has a legitimate use where it is. */
function wanted(characters: readonly string[], index: number): boolean {
  const character = characters[index] ?? ''
  const before = characters[index - 1] ?? ''
  const after = characters[index + 1] ?? ''
  if (joiner.test(character)) {
    // A selector that varies nothing is shown as a mark, and nothing joins to a mark.
    const shown = !selector.test(before) || wanted(characters, index - 1)
    if (character === '\u200d' && shown && pictographic.test(before) && /\p{Extended_Pictographic}/u.test(after)) {
      return true
    }
    return joining.test(before) && joining.test(after)
  }
  if (selector.test(character)) return varied.test(before)
  if (tag.test(character)) return inTagSequence(characters, index)
  return false
}

/** Flags of regions: a black flag, tags, and a closing tag. */
function inTagSequence(characters: readonly string[], index: number): boolean {
  let start = index
  while (start > 0 && tag.test(characters[start - 1] ?? '') && index - start < 8) start -= 1
  let end = index
  while (tag.test(characters[end] ?? '') && end - index < 8 && characters[end] !== '\u{e007f}') end += 1
  return (
    characters[start - 1] === '\u{1f3f4}' && characters[end] === '\u{e007f}' && !earlierEnd(characters, start, index)
  )
}

function earlierEnd(characters: readonly string[], start: number, index: number): boolean {
  return characters.slice(start, index).includes('\u{e007f}')
}

function markFor(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

export function cleanInput(text: string): string {
  return sanitize(stripVTControlCharacters(text.replace(/\r\n?/g, '\n')), () => '')
}
