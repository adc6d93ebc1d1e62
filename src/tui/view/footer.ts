/**
 * The rows at the bottom of a page: what was just said (a question, an error, a remark, or candidates to complete),
 * and the line of input. Pure.
 */
import type { Editor } from '../input/editor.ts'
import { seenWord } from '../state/alarm.ts'
import { isQuitting } from '../state/quit.ts'
import type { Completion, State } from '../state/state.ts'
import type { Line, Span, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { widthOf } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'
import { alarmLines } from './alarm-view.ts'
import { inputRows } from './input-view.ts'
import { recoveryNotice } from './recovery-view.ts'

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
    return wrap(`${confirm.question}  (y/n)`, width).map((text) => [span(` ${text}`, style)])
  }
  // What is done before the first tick comes and goes unseen.
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

/** The line of input; while an alarm stands, the one that it is answered in. */
export function inputFooter(state: State, own: Editor, columns: number, rowsMax: number): Footer {
  const { alarm, sheet } = state
  const [editor, prompt] = alarm === undefined ? [own, ' > '] : [alarm.editor, ` type "${seenWord}" > `]
  const { rows, cursor } = inputRows(editor, columns - prompt.length, rowsMax)
  const style: Style = alarm === undefined ? { bold: true } : { bold: true, colour: 'red' }
  const lines = rows.map((text, index): Line => [
    span(index === 0 ? prompt : ' '.repeat(prompt.length), style),
    span(text),
  ])
  const active = sheet === undefined || alarm !== undefined
  return { lines, cursor: active ? { row: cursor.row, column: cursor.column + prompt.length } : undefined }
}

/** As many candidates as fit, the selected one among them. */
export function candidateLine(completion: Completion, columns: number): Line {
  const { candidates, selected } = completion
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
