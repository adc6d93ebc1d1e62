import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sanitize } from '../../src/tui/sanitize.ts'
import { fit, lineWidth, span } from '../../src/tui/text/style.ts'
import { graphemes, padEnd, padStart, truncate, widthOf } from '../../src/tui/text/width.ts'
import { wrap } from '../../src/tui/text/wrap.ts'
import { hostileText } from './hostile.ts'

const safeText = hostileText.map((text) => sanitize(text))

describe('wrapping', () => {
  it('breaks between words and keeps line breaks and indentation', () => {
    expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox'])
    expect(wrap('one\n\n  two', 10)).toEqual(['one', '', '  two'])
    expect(wrap('', 10)).toEqual([''])
  })

  it('breaks a long word where the line ends', () => {
    expect(wrap('see https://example.org/a/long/path', 12)).toEqual(['see https://', 'example.org/', 'a/long/path'])
  })

  it('counts wide characters as two columns', () => {
    expect(wrap('漢字漢字漢字', 5)).toEqual(['漢字', '漢字', '漢字'])
    expect(wrap('👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 3)).toEqual(['👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦'])
  })

  it('makes no line wider than it may be', () => {
    fc.assert(
      fc.property(safeText, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        for (const line of wrap(text, columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns)
      }),
    )
  })

  it('loses nothing but spaces, and splits no grapheme', () => {
    fc.assert(
      fc.property(safeText, fc.integer({ min: 4, max: 40 }), (text, columns) => {
        const solid = (part: string) => graphemes(part.replaceAll(/[ \n]/g, '')).join('|')
        expect(wrap(text, columns).join('').replaceAll(' ', '')).toBe(text.replaceAll(/[ \n]/g, ''))
        const whole = new Set(text.split(/[ \n]+/).flatMap(graphemes))
        for (const line of wrap(text, columns)) {
          for (const word of line.split(' '))
            for (const one of graphemes(word)) expect(whole, solid(line)).toContain(one)
        }
      }),
    )
  })
})

describe('fitting', () => {
  it('fills or cuts to the exact width', () => {
    expect(padEnd('ab', 4)).toBe('ab  ')
    expect(padStart('漢', 4)).toBe('  漢')
    expect(truncate('a long name', 6)).toBe('a lon…')
    expect(truncate('漢字漢字', 4)).toBe('漢…')
    fc.assert(
      fc.property(fc.array(safeText, { maxLength: 4 }), fc.integer({ min: 1, max: 30 }), (texts, columns) => {
        const line = texts.map((text) => span(text.replaceAll('\n', ' ')))
        expect(lineWidth(fit(line, columns))).toBe(columns)
      }),
    )
  })
})
