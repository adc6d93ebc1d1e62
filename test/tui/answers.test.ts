import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerOfOsc, type Answer } from '../../src/tui/input/answers.ts'
import { key, type Sent } from '../../src/tui/input/key.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../../src/tui/input/keys.ts'

interface Decoded {
  readonly inputs: readonly Sent[]
  readonly answers: readonly Answer[]
}

/** @param pauses whether nothing comes for a moment after each chunk */
function decode(chunks: readonly string[], pauses = false): Decoded {
  let decoder = idleKeyDecoder
  const [inputs, answers]: [Sent[], Answer[]] = [[], []]
  for (const chunk of chunks) {
    const decoded = decodeKeys(decoder, chunk)
    const flushed = pauses ? flushKeys(decoded.decoder) : { decoder: decoded.decoder, inputs: [], answers: [] }
    decoder = flushed.decoder
    inputs.push(...decoded.inputs, ...flushed.inputs)
    answers.push(...decoded.answers)
  }
  return { inputs: [...inputs, ...flushKeys(decoder).inputs], answers }
}

const dark: Answer = { kind: 'background', background: 'dark' }
const light: Answer = { kind: 'background', background: 'light' }
const ends = ['\x07', '\x1b\\']

describe('the background', () => {
  it.each([
    ['rgb:0000/0000/0000', dark],
    ['rgb:ffff/ffff/ffff', light],
    ['rgb:ff/ff/ff', light],
    ['rgb:F/F/F', light],
    ['rgb:fff/fff/fff', light],
    ['rgba:ffff/ffff/ffff/0000', light],
    ['rgba:1e1e/1e1e/1e1e/ffff', dark],
    // Solarized, both ways; and a saturated blue, which is dark however much of it there is.
    ['rgb:fdfd/f6f6/e3e3', light],
    ['rgb:0000/2b2b/3636', dark],
    ['rgb:0000/0000/ffff', dark],
  ])('%s', (colour, wanted) => {
    for (const end of ends) expect(decode([`\x1b]11;${colour}${end}`])).toEqual({ inputs: [], answers: [wanted] })
  })

  it.each([
    '11;?',
    '11;rgb:',
    '11;rgb:00/00',
    '11;rgb:00000/0/0',
    '11;rgb:zz/00/00',
    '10;rgb:0/0/0',
    '11;red',
    '',
    '11',
  ])('is unknown after %j', (text) => {
    expect(answerOfOsc(text)).toBeUndefined()
    for (const end of ends) expect(decode([`\x1b]${text}${end}z`]).inputs).toEqual([{ kind: 'text', text: 'z' }])
  })
})

it('knows what it asked for otherwise', () => {
  expect(decode(['\x1b[?1u\x1b[?2027;2$y\x1b[?2027;1$y\x1b[?2027;3$y\x1b[?62;22c'])).toEqual({
    inputs: [],
    answers: [
      { kind: 'keyboard' },
      { kind: 'graphemes', isOn: false },
      { kind: 'graphemes', isOn: true },
      { kind: 'graphemes', isOn: true },
      { kind: 'attributes' },
    ],
  })
  expect(decode(['\x1b[?2027;0$y\x1b[?2027;4$y\x1b[?2026;2$y'])).toEqual({ inputs: [], answers: [] })
})

describe('an answer never becomes text or a key', () => {
  const hex = fc.stringMatching(/^[\da-fA-F]{1,4}$/)
  const colour = fc
    .tuple(fc.constantFrom('rgb', 'rgba'), hex, hex, hex)
    .map(([kind, ...parts]) => `\x1b]11;${kind}:${[...parts, ...(kind === 'rgba' ? ['ffff'] : [])].join('/')}`)
  const answer = fc.oneof(
    fc.tuple(colour, fc.constantFrom(...ends)).map((parts) => parts.join('')),
    fc.constantFrom('\x1b[?1u', '\x1b[?2027;2$y', '\x1b[?62;22;52c'),
  )
  const cut = (text: string, cuts: readonly number[]): string[] => {
    const places = [0, ...cuts.map((at) => at % text.length).toSorted((a, b) => a - b), text.length]
    return places.slice(1).map((end, index) => text.slice(places[index], end))
  }

  it('wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1 }), fc.array(fc.nat(), { maxLength: 9 }), (answers, cuts) => {
        const decoded = decode(cut(answers.join(''), cuts))
        expect(decoded.inputs).toEqual([])
        expect(decoded.answers).toHaveLength(answers.length)
      }),
    )
  })

  it('also where it pauses, once more than the keys Escape, Alt+] or Alt+[ are there', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(), { maxLength: 9 }), (text, cuts) => {
        const decoded = decode([text.slice(0, 3), ...cut(text.slice(3), cuts), 'z'], true)
        expect(decoded.inputs).toEqual([{ kind: 'text', text: 'z' }])
        expect(decoded.answers).toHaveLength(1)
      }),
    )
  })

  it('whatever is in it', () => {
    const garbage = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x2fff }).map((code) => String.fromCodePoint(code)),
    })
    const inside = garbage.map((text) => text.replace(/[\x7f-\x9f\ud800-\udfff]/g, ''))
    fc.assert(
      fc.property(inside, fc.constantFrom(...ends), fc.array(fc.nat(), { maxLength: 9 }), (text, end, cuts) => {
        expect(decode([...cut(`\x1b]11;${text}${end}`, cuts), 'z']).inputs).toEqual([{ kind: 'text', text: 'z' }])
      }),
    )
  })

  it('and one that breaks off takes nothing with it', () => {
    const beginnings = [
      '\x1b]11;rgb:12',
      '\x1b]11;rgb:1212/3434/5656',
      '\x1b]11;rgb:1212/3434/5656\x1b',
      '\x1b]11;',
      '\x1b]1',
    ]
    for (const begun of beginnings) {
      expect(decode([begun, 'hello', '\r'], true).inputs.slice(0, 2)).toEqual([
        { kind: 'text', text: 'hello' },
        key('enter'),
      ])
      expect(decode([begun, '\x1b[A'], true).inputs).toHaveLength(1)
      expect(decode([`${begun}\x1b[200~pasted\x1b[201~`]).inputs).toEqual([
        // An Escape of the terminal's, or of the person's.
        ...(begun.endsWith('\x1b') ? [key('escape')] : []),
        { kind: 'paste', text: 'pasted' },
      ])
    }
    expect(decode(['\x1b[?6', '\x1b[A'], true).inputs).toHaveLength(1)
  })
})
