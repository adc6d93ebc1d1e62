/**
 * Decodes a terminal's input into keys, text, pastes and answers.
 *
 * Pure: `(decoder, chunk) → (decoder, inputs)`. A chunk may end anywhere: what could still become an escape sequence is
 * held back, and `flushKeys`, called when nothing followed for a moment, decides that it was the Escape key. Text
 * between the brackets of a paste is never interpreted as keys. Unknown sequences are swallowed whole.
 */
import { answerOfCsi, answerOfOsc, isPartOfAnswer, type Answer } from './answers.ts'
import { key, type Input, type Key, type Sent } from './key.ts'
import { keyOfCsi, keyOfSs3, mouseOfX10 } from './sequences.ts'

export interface KeyDecoder {
  /** Input held back: the start of a sequence, or of a paste. */
  readonly held: string
  readonly pasting: boolean
  /** Nothing has followed for a moment: the terminal may answer late, or has lost the rest. */
  readonly late?: true
  /** What `flushKeys` has taken for keys or garbage: if the rest of a report of the mouse follows, it is no text. */
  readonly flushed?: string
}

interface Decoded {
  readonly decoder: KeyDecoder
  readonly inputs: readonly Sent[]
  readonly answers: readonly Answer[]
}

export const idleKeyDecoder: KeyDecoder = { held: '', pasting: false }

const pasteStart = '\x1b[200~'
const pasteEnd = '\x1b[201~'
/** A paste longer than this many characters is delivered in pieces. */
const pasteCharsMax = 262_144
/** Longer than any known sequence: anything longer is garbage. */
const sequenceCharsMax = 64
const answerCharsMax = 4096
const mouseReport = /^\x1b\[<[0-9]+;[0-9]+;[0-9]+[Mm]/
const beginOfReport = /^\x1b\[<[0-9;]{1,20}$/

export function decodeKeys(decoder: KeyDecoder, chunk: string): Decoded {
  const inputs: Sent[] = []
  const answers: Answer[] = []
  const late = (decoder.flushed ?? '') + chunk
  let rest = mouseReport.test(late) || beginOfReport.test(late) ? late : decoder.held + chunk
  // What does not go on as the answer has nothing to do with it.
  if (decoder.late === true && rest.startsWith('\x1b]') && !isPartOfAnswer(rest) && !endsHere.test(rest)) rest = chunk
  let pasting = decoder.pasting
  while (rest !== '') {
    if (pasting) {
      const end = rest.indexOf(pasteEnd)
      if (end < 0) {
        if (rest.length < pasteCharsMax) break
        const whole = rest.length - pasteEnd.length
        inputs.push({ kind: 'paste', text: rest.slice(0, whole) })
        rest = rest.slice(whole)
        break
      }
      if (end > 0) inputs.push({ kind: 'paste', text: rest.slice(0, end) })
      rest = rest.slice(end + pasteEnd.length)
      pasting = false
    } else if (rest.startsWith(pasteStart)) {
      rest = rest.slice(pasteStart.length)
      pasting = true
    } else if (rest.startsWith('\x1b')) {
      const taken = takeEscape(rest)
      if (taken === undefined) break
      if (taken.answer !== undefined) answers.push(taken.answer)
      if (taken.input !== undefined) inputs.push(taken.input)
      rest = rest.slice(taken.length)
    } else {
      const taken = takePlain(rest)
      inputs.push(taken.input)
      rest = rest.slice(taken.length)
    }
  }
  return { decoder: { held: rest, pasting }, inputs, answers }
}

/** Nothing followed the held-back input: a lone Escape, or Escape and then a character typed at once (Alt). */
export function flushKeys(decoder: KeyDecoder): Decoded {
  if (decoder.pasting || decoder.held === '') return { decoder, inputs: [], answers: [] }
  if (isPartOfAnswer(decoder.held)) return { decoder: { ...decoder, late: true }, inputs: [], answers: [] }
  const inputs: Input[] = []
  // `ESC [` or `ESC O` alone is Alt with that character; any longer rest is a broken sequence.
  if (/^\x1b+$/.test(decoder.held)) inputs.push(...Array.from(decoder.held, () => key('escape')))
  else if (decoder.held.length === 2) inputs.push(key(decoder.held.slice(1), { alt: true }))
  return { decoder: { ...idleKeyDecoder, flushed: decoder.held }, inputs, answers: [] }
}

interface Taken<T> {
  readonly input: T
  readonly length: number
  readonly answer?: Answer | undefined
}

/** Undefined: more input is needed. */
function takeEscape(text: string): Taken<Sent | undefined> | undefined {
  const second = text[1]
  if (second === undefined) return undefined
  if (second === '\x1b') {
    // Some terminals put Escape before a whole sequence for Alt; else the first one was the Escape key.
    const third = text[2]
    if (third === undefined) return undefined
    if ((third !== '[' && third !== 'O') || text.startsWith(pasteStart, 1)) return { input: key('escape'), length: 1 }
    const inner = takeEscape(text.slice(1))
    if (inner === undefined) return undefined
    const { input } = inner
    return { ...inner, input: input?.kind === 'key' ? { ...input, alt: true } : input, length: inner.length + 1 }
  }
  if (second === '[') return takeCsi(text)
  if (second === 'O') {
    const third = text[2]
    if (third === undefined) return undefined
    return { input: keyOfSs3(third), length: 3 }
  }
  if (second === ']' || second === 'P' || second === '_' || second === '^' || second === 'X') return takeString(text)
  // Alt with these means nothing, and a hasty Escape before a command must not turn the command into a message.
  if (second === '/' || second === '!') return { input: key('escape'), length: 1 }
  const { input, length } = takePlain(text.slice(1), 1)
  const pressed: Key = input.kind === 'key' ? { ...input, alt: true } : key(textOf(input), { alt: true })
  return { input: pressed, length: length + 1 }
}

function textOf(input: Input): string {
  return input.kind === 'text' ? input.text : ''
}

function takeCsi(text: string): Taken<Sent | undefined> | undefined {
  if (text.startsWith('\x1b[M')) return text.length < 6 ? undefined : { input: mouseOfX10(text.slice(3, 6)), length: 6 }
  // F1 to F5 of the Linux console.
  if (text.startsWith('\x1b[[')) {
    const code = text.charCodeAt(3)
    if (Number.isNaN(code)) return undefined
    return code >= 0x41 && code <= 0x45 ? { input: key(`f${code - 0x40}`), length: 4 } : { input: undefined, length: 3 }
  }
  const match = /^\x1b\[([0-?]*)([ -/]*)([@-~])/.exec(text)
  if (match !== null) {
    const [{ length }, parameters = '', intermediate = '', final = ''] = match
    if (!parameters.startsWith('?')) return { input: keyOfCsi(parameters, final), length }
    return { input: undefined, answer: answerOfCsi(parameters, intermediate + final), length }
  }
  // A byte that can't be part of a sequence ends it, and is read on its own.
  const broken = /^\x1b\[[0-?]*[ -/]*/.exec(text)?.[0].length ?? 2
  if (broken < text.length || broken > sequenceCharsMax) return { input: undefined, length: broken }
  return undefined
}

const endsHere = /^\x1b[^\x00-\x1f\x7f]*(?:\x07|\x1b\\)/

/** A terminal's reply (OSC, DCS, …): up to its terminator, or to what can't be part of it, which is read on its own. */
function takeString(text: string): Taken<undefined> | undefined {
  const end = /[\x00-\x1f\x7f]/.exec(text.slice(2))
  if (end === null) return text.length > answerCharsMax ? { input: undefined, length: text.length } : undefined
  const inner = text.slice(2, end.index + 2)
  const terminator = /^(?:\x07|\x1b\\|\x1b$)/.exec(text.slice(inner.length + 2))?.[0]
  if (terminator === '\x1b') return undefined
  const answer = terminator !== undefined && text[1] === ']' ? answerOfOsc(inner) : undefined
  return { input: undefined, answer, length: inner.length + 2 + (terminator?.length ?? 0) }
}

const controlNames: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
}

/** A run of text, or one control character. */
function takePlain(text: string, limit = Infinity): Taken<Input> {
  const code = text.codePointAt(0) ?? 0
  if (code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0)) {
    const run = /^[^\x00-\x1f\x7f-\x9f]+/.exec(text)?.[0] ?? ''
    const taken = limit === 1 ? String.fromCodePoint(code) : run
    return { input: { kind: 'text', text: taken }, length: taken.length }
  }
  const character = text[0] ?? ''
  const name = controlNames[character]
  if (name !== undefined) return { input: key(name), length: 1 }
  if (code >= 0x80) return { input: key('unknown'), length: 1 }
  // Ctrl with a letter sends the letter's place in the alphabet; Ctrl-J is a line feed.
  const letter = code === 0 ? ' ' : String.fromCharCode(code + 0x40).toLowerCase()
  return { input: key(letter, { ctrl: true }), length: 1 }
}
