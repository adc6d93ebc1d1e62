/** What is drawn of a message's formatting: styles only, whatever its author writes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sanitize } from '../../src/tui/sanitize.ts'
import { formatsOf, withoutSpoilers } from '../../src/tui/text/markdown.ts'
import { messageRows } from '../../src/tui/text/message-rows.ts'
import { textOfLine, type Style } from '../../src/tui/text/style.ts'
import { widthOf } from '../../src/tui/text/width.ts'
import { hostileText, markupPieces } from './hostile.ts'

/** `{b:bold}` for what is bold, and so on; what is between braces is one span. */
function drawn(text: string, columns = 60, uncovered = false): readonly string[] {
  return messageRows(text, columns, {}, { uncovered }).map((row) =>
    row.map((part) => (signs(part.style) === '' ? part.text : `{${signs(part.style)}:${part.text}}`)).join(''),
  )
}

function signs({ bold, italic, colour, dim, underline }: Style): string {
  return [bold && 'b', italic && 'i', colour && 'c', dim && 'd', underline && 'u'].filter((sign) => sign).join('')
}

describe('formatting', () => {
  it.each([
    ['*bold*, **bold** and __bold__', '{b:bold}, {b:bold} and {b:bold}'],
    ['_italic_ (*_both_*) ***both***', '{i:italic} ({bi:both}) {bi:both}'],
    ['`a *b* c` and ``x`y``', '{d:`}{c:a *b* c}{d:`} and {d:``}{c:x`y}{d:``}'],
    ['中文*粗*中文', '中文{b:粗}中文'],
    ['\\*as it is\\* *bold*', '*as it is* {b:bold}'],
  ])('draws %s', (text, shown) => {
    expect(drawn(text)).toEqual([shown])
  })

  it.each([
    '5*3*2 and 2**3**4',
    'snake_case_name',
    'a * b * c',
    'if (a || b || c)',
    '¯\\_(ツ)_/¯',
    '* item\n* another',
    '# no heading\n---\n1. one',
    '[text](javascript:x) ![image](x) <b>html</b> &amp; &#27;',
    '>_<',
    'C:\\_dir',
    'one * star, one ` tick, two ** stars',
  ])('leaves %s as it is', (text) => {
    expect(drawn(text)).toEqual(text.split('\n'))
  })

  it('leaves web addresses whole', () => {
    expect(drawn('*see https://x.org/_a_/*b*/c_d_ there*')).toEqual([
      '{b:see }{bu:https://x.org/_a_/*b*/c_d_}{b: there}',
    ])
  })

  it('ends a quote with its line', () => {
    expect(drawn('> was it *you*?\nno')).toEqual(['{d:>}{d: was it }{bd:you}{d:?}', 'no'])
  })

  it('keeps the lines and spaces of a fence, and breaks them by columns', () => {
    expect(drawn('so:\n```js\nif (x)  {\n    *run*(a,  b)\n\n}\n```\n*ok*', 12)).toEqual([
      'so:',
      '{d:```js}',
      '{c:if (x)  {}',
      '{c:    *run*(a,}',
      '{c:  b)}',
      '',
      '{c:}}',
      '{d:```}',
      '{b:ok}',
    ])
  })

  it('styles a text across the rows that it is wrapped into', () => {
    expect(drawn('some *bold words that go on* here', 12)).toEqual([
      'some {b:bold}',
      '{b:words that}',
      '{b:go on} here',
    ])
  })

  it('has spoilers as blocks as wide as what they hide', () => {
    expect(drawn('it was ||the *漢 butler*||!')).toEqual([`it was ${'█'.repeat(13)}!`])
    expect(drawn('it was ||the butler||!', 60, true)).toEqual(['it was ||the butler||!'])
    expect(withoutSpoilers('*it* was ||the\nbutler|| `x`')).toBe('*it* was ███\n██████ `x`')
  })
})

describe('whatever is written', () => {
  const text = fc
    .array(fc.oneof(fc.constantFrom(...markupPieces), hostileText), { maxLength: 12 })
    .map((parts) => sanitize(parts.join('')))

  it('is shown but for marks, in rows of the width', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 40 }), fc.boolean(), (text, columns, uncovered) => {
        const rows = messageRows(text, columns, {}, { uncovered }).map(textOfLine)
        for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(columns)
        const bare = (part: string): string => part.replace(/[\s*_|\\]/g, '')
        const shown = bare(rows.join(''))
        if (uncovered || !text.includes('||')) expect(shown).toBe(bare(text))
        else expect(shown.replaceAll('█', '').length).toBeLessThanOrEqual(bare(text).length)
      }),
    )
  })

  it('has one format for each character, and covers nothing twice', () => {
    fc.assert(
      fc.property(text, (text) => {
        expect(formatsOf(text)?.length ?? text.length).toBe(text.length)
        expect(withoutSpoilers(withoutSpoilers(text))).toBe(withoutSpoilers(text))
      }),
    )
  })

  it('is shown as it is where it has more marks than anyone writes', () => {
    const many = '*a* '.repeat(600)
    expect(formatsOf(many)).toBeUndefined()
    expect(formatsOf('> '.repeat(8000))).toBeUndefined()
    expect(formatsOf('*a* '.repeat(400))).toBeDefined()
  })
})
