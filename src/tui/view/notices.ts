/**
 * Rows between status bar and input: a warning, a question, an error or remark, completion candidates, and what the
 * line is about to do to a message. Pure.
 */
import type { RecoveryOnScreen } from '../hints.ts'
import type { Editor } from '../input/editor.ts'
import { isQuitting } from '../state/next.ts'
import type { About, Alarm, ChatPage, Completion, HistorySearch, State } from '../state/state.ts'
import { yesWord } from '../state/question.ts'
import { seenWord } from '../state/trust.ts'
import type { Colour, Line, Span, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { padEnd, truncate, widthOf } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'
import { inputRows } from './input-line.ts'

const flashRowsMax = 6
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export interface Footer {
  readonly lines: readonly Line[]
  /** Counted from the footer's first row. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined
}

/** A question, or an error or remark with its hint: wrapped, so that none is cut off. */
export function noticeLines(state: State, columns: number): readonly Line[] {
  const { alarm, confirm, busy, flash } = state
  const width = columns - 2
  if (alarm !== undefined && !isQuitting(confirm)) return alarmLines(alarm, columns)
  if (confirm !== undefined) {
    const style: Style = { colour: confirm.danger === true ? 'red' : 'yellow', bold: true }
    return wrap(confirm.answer === undefined ? `${confirm.question}  (y/n)` : confirm.question, width).map((text) => [
      span(` ${text}`, style),
    ])
  }
  // Operations that finish before the first tick are not shown.
  if (busy !== undefined && busy.frame > 0)
    return [[span(` ${spinner[busy.frame % spinner.length] ?? ''} ${busy.label}`, { dim: true })]]
  if (flash === undefined) return recoveryNotice(state, columns).slice(0, flashRowsMax)
  const error = flash.tone === 'error'
  const text = wrap(error ? `! ${flash.text}` : flash.text, width)
  const hint = flash.hint === '' ? [] : wrap(flash.hint, width - 2)
  return [
    ...text.map((part): Line => [span(` ${part}`, error ? { colour: 'red', bold: true } : { bold: true })]),
    ...hint.map((part): Line => [span(`   ${part}`)]),
  ].slice(0, flashRowsMax)
}

/** The input line; during an alarm, the one that answers it. */
export function inputFooter(state: State, own: Editor, columns: number, rowsMax: number): Footer {
  const { sheet, page } = state
  const answer = answerField(state)
  const [editor, prompt] = answer === undefined ? [own, ' > '] : [answer.editor, ` type "${answer.word}" > `]
  const { rows, cursor } = inputRows(editor, columns - prompt.length, rowsMax)
  const style: Style = answer === undefined ? { bold: true } : { bold: true, colour: answer.colour }
  const lines = rows.map((text, index): Line => [
    span(index === 0 ? prompt : ' '.repeat(prompt.length), style),
    span(text),
  ])
  const isCovered = sheet !== undefined || (page.kind === 'chat' && page.panel !== undefined)
  const active = !isCovered || answer !== undefined
  // What was typed for the line stays in view.
  const draft = answer === undefined || own.text === '' ? [] : inputRows(own, columns - 3, 1).rows
  lines.push(...draft.map((text): Line => [span(' > '), span(text)]))
  return { lines, cursor: active ? { row: cursor.row, column: cursor.column + prompt.length } : undefined }
}

/** Where a whole word is the answer, it is typed in place of the line. */
function answerField({ alarm, confirm }: State): { editor: Editor; word: string; colour: Colour } | undefined {
  if (alarm !== undefined && !isQuitting(confirm)) return { editor: alarm.editor, word: seenWord, colour: 'red' }
  if (confirm?.answer === undefined) return undefined
  return { editor: confirm.answer, word: yesWord, colour: confirm.danger === true ? 'red' : 'yellow' }
}

/** As many candidates as fit, the selected one among them. */
export function candidateLine(completion: Completion, columns: number): Line {
  const { labels: candidates = completion.candidates, selected } = completion
  let first = 0
  for (let width = 1, index = 0; index <= selected; index += 1) {
    width += widthOf(candidates[index] ?? '') + 2
    if (width > columns - 2) {
      first = index
      width = 1 + widthOf(candidates[index] ?? '') + 2
    }
  }
  const spans: Span[] = [span(first > 0 ? '‹' : ' ')]
  let width = 1
  for (let index = first; index < candidates.length; index += 1) {
    const text = candidates[index] ?? ''
    if (width + widthOf(text) + 3 > columns && index > selected) {
      spans.push(span('›'))
      break
    }
    spans.push(span(text, index === selected ? { inverse: true } : {}), span('  '))
    width += widthOf(text) + 2
  }
  return spans
}

const red: Style = { colour: 'red', bold: true }

function alarmLines({ key, given, undone }: Alarm, columns: number): readonly Line[] {
  const { name, fingerprint, known } = key
  const title = `WARNING: ${name}'s key ${given ? 'does NOT have the fingerprint you gave' : 'is NOT the one you know'}`
  const what = given
    ? 'for their fingerprint again, by phone or in person.'
    : `by phone or in person which key is right. /verify ${name} shows what to compare and accepts the new key.`
  const advice = `Someone may be impersonating ${name}. Ask ${name} ${what}`
  return [
    ...wrap(title, columns - 3).map((text): Line => [span(padEnd(` ! ${text}`, columns), { ...red, inverse: true })]),
    [span(`   you ${given ? 'gave' : 'know'}  ${known}`, red)],
    [span(`   this is   ${fingerprint}`, red)],
    ...wrap(`${undone === undefined ? '' : `${undone} `}${advice}`, columns - 4).map((text): Line => [
      span(`   ${text}`, red),
    ]),
  ]
}

const words: Readonly<Record<About['act'], readonly [doing: string, keys: string]>> = {
  reply: ['reply to', 'Esc: cancel'],
  edit: ['edit', 'Enter: save · Esc: cancel'],
  react: ['react to', 'Tab: suggestions · repeat to remove · Esc: cancel'],
}

export function aboutLines({ about, search }: ChatPage, columns: number): readonly Line[] {
  const found = search === undefined ? [] : [searchLine(search, columns)]
  return about === undefined ? found : [...found, aboutLine(about, columns)]
}

function searchLine({ wanted, at }: HistorySearch, columns: number): Line {
  const [doing, keys] = ['search sent lines: ', 'Ctrl-R: older · Enter: take · Esc: cancel']
  const note = wanted !== '' && at === undefined ? '   none' : ''
  const space = columns - doing.length - note.length - 2
  // What was typed last stays in view.
  const shown =
    widthOf(wanted) > space
      ? `…${Array.from(wanted)
          .slice(-Math.max(1, (space >> 1) - 1))
          .join('')}`
      : wanted
  const line: Line = [span(` ${doing}`, { colour: 'cyan', bold: true }), span(`${shown}${note}`)]
  const width = doing.length + widthOf(shown) + note.length + 1
  return width + keys.length + 4 > columns ? line : [...line, span(`   ${keys}`, { dim: true })]
}

function aboutLine(about: About, columns: number): Line {
  const [doing, all] = words[about.act]
  const space = columns - doing.length - 3
  // Without room for both, the key hints give way, the last of them last.
  const keys = space - widthOf(all) - 4 < 20 ? (all.split(' · ').at(-1) ?? '') : all
  const quote = truncate(about.quote, Math.max(8, space - keys.length - 4))
  const line: Line = [span(` ${doing} `, { colour: 'cyan', bold: true }), span(quote)]
  const width = doing.length + 2 + widthOf(quote)
  return width + keys.length + 4 > columns ? line : [...line, span(`   ${keys}`, { dim: true })]
}

/** The open room's first. */
function recoveryOf({ page, recoveries }: State): RecoveryOnScreen | undefined {
  return (page.kind === 'chat' ? page.room.recovery : undefined) ?? recoveries[0]
}

const isGrave = ({ kind }: RecoveryOnScreen): boolean => kind === 'frozen' || kind === 'damaged'

export function recoverySpans(state: State): readonly Span[] {
  const recovery = recoveryOf(state)
  if (recovery === undefined) return []
  const style: Style = isGrave(recovery) ? { colour: 'red', bold: true } : { colour: 'yellow' }
  return [span(recovery.short, style)]
}

/** Shown above the input for as long as nothing can be sent, or something is damaged. */
function recoveryNotice(state: State, columns: number): readonly Line[] {
  const recovery = recoveryOf(state)
  if (recovery === undefined || !isGrave(recovery)) return []
  return wrap(`! ${recovery.text} ${recovery.hint}`, columns - 2).map((text): Line => [
    span(` ${text}`, { colour: 'red' }),
  ])
}
