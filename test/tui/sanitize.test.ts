import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanInput, sanitize, sanitizeLine } from '../../src/tui/sanitize.ts'
import { sanitized } from '../../src/tui/state/sanitized.ts'
import { hostileText } from './hostile.ts'

describe("others' text", () => {
  it('keeps ordinary text as it is', () => {
    for (const text of [
      'Hello!\nA second line with   spaces.',
      '漢字 ひらがな 한국어 العربية עברית ไทย',
      '👨‍👩‍👧‍👦 👍🏽 ❤️ 1️⃣ 🇩🇪 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ☎︎',
      'e\u0301 q\u0323\u0307',
      'می\u200cخواهم',
      'क्\u200dष',
      '葛\u{e0100}城',
    ]) {
      expect(sanitize(text)).toBe(text)
    }
  })

  it('shows control characters and escape sequences as marks', () => {
    expect(sanitize('a\x1b[31mred\x07')).toBe('a␛[31mred␇')
    expect(sanitize('\x9b31m\x7f\0')).toBe('<U+009B>31m␡␀')
    expect(sanitize('one\r\ntwo\rthree\tfour')).toBe('one\ntwo␍three    four')
  })

  it('shows what turns the direction of text round', () => {
    expect(sanitize('\u202egnp.exe\u202c')).toBe('<U+202E>gnp.exe<U+202C>')
    expect(sanitize('\u2066x\u2069\u200f')).toBe('<U+2066>x<U+2069><U+200F>')
  })

  it('shows what is invisible, also joiners where nothing is joined', () => {
    expect(sanitize('pass\u200bword')).toBe('pass<U+200B>word')
    expect(sanitize('pass\u200dword')).toBe('pass<U+200D>word')
    expect(sanitize('a\u00adb\ufeffc\u3164d\ufe0f')).toBe('a<U+00AD>b<U+FEFF>c<U+3164>d<U+FE0F>')
    expect(sanitize('hidden\u{e0068}\u{e0069}')).toBe('hidden<U+E0068><U+E0069>')
    expect(sanitize('j\ufe0f\u200d👧')).toBe('j<U+FE0F><U+200D>👧')
    expect(sanitize('a\u2028b\u2029c')).toBe('a<U+2028>b<U+2029>c')
  })

  it('cuts marks that climb over other lines', () => {
    expect(sanitize(`z${'\u0301'.repeat(40)}`)).toBe(`z${'\u0301'.repeat(6)}…`)
  })

  it('keeps a name or a topic on one line', () => {
    expect(sanitizeLine('a\nb\u2028c')).toBe('a␊b<U+2028>c')
  })

  it('never lets a control, a direction mark or half a character through', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const safe = sanitize(text)
        expect(safe).not.toMatch(
          /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]/,
        )
        expect(safe.isWellFormed()).toBe(true)
        expect(sanitizeLine(text)).not.toContain('\n')
      }),
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(sanitize(sanitize(text))).toBe(sanitize(text))
      }),
    )
  })
})

describe('what comes from the chat', () => {
  it('is sanitized in every string, however deep; only the text of a message keeps its lines', () => {
    const deep = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        hostileText,
        fc.integer(),
        fc.constantFrom(true, undefined),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('name', 'text', 'type', 'topic'), tie('value')),
      ),
    })).value
    fc.assert(
      fc.property(deep, (value) => {
        const safe: unknown = sanitized(value)
        for (const text of stringsIn(safe)) {
          expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]/)
        }
        expect(sanitized(safe)).toEqual(safe)
      }),
    )
    expect(sanitized({ type: 'text', text: 'a\nb', of: [{ text: 'a\nb', name: 'a\nb' }] })).toEqual({
      type: 'text',
      text: 'a\nb',
      of: [{ text: 'a␊b', name: 'a␊b' }],
    })
  })
})

describe('a paste', () => {
  it('loses colours and invisible characters, and keeps its lines', () => {
    expect(cleanInput('\x1b[32mok\x1b[0m\r\n\u200bnext\x07\r')).toBe('ok\nnext\n')
    expect(cleanInput('👨‍👩‍👧 as typed <U+202E>')).toBe('👨‍👩‍👧 as typed <U+202E>')
  })

  it('never brings a control character into the input', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(cleanInput(text)).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/)
      }),
    )
  })
})

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}
