/** Keys of what covers a page: a question that is answered with y or n or a whole word, and a sheet of longer output. Pure. */
import { editWith, emptyEditor, type Editor } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { sheetSpace } from '../view/chat-layout.ts'
import { scrollSheet } from '../view/sheet.ts'
import { wheelLines } from './scrolling.ts'
import { busy, isQuitting, next } from './next.ts'
import { isAttempt, withTyped, withUnsent, yesWord } from './question.ts'
import type { Confirm, Next, Sheet, State } from './state.ts'

export function confirmInput(state: State, confirm: Confirm, input: Input): Next {
  // The text in question may be longer than the screen.
  const scrolled = state.sheet && sheetInput(state, state.sheet, input, 'only-scrolling')
  if (scrolled !== undefined || input.kind === 'wheel') return scrolled ?? next(state)
  if (confirm.answer !== undefined) return wordInput(state, confirm, confirm.answer, input)
  const after: State = { ...state, confirm: undefined }
  const quitting = isQuitting(confirm)
  if (!isYes(input, quitting)) return next(isPlainNo(input) ? after : withTyped(after, textOf(input)))
  return agreed(after, confirm, quitting)
}

function agreed(after: State, confirm: Confirm, quitting = false): Next {
  if (quitting) return next(after, ...confirm.effects)
  const closed: State = { ...after, sheet: undefined }
  return next(confirm.label === undefined ? closed : busy(closed, confirm.label), ...confirm.effects)
}

/** Nothing but the word itself is a yes. What else was typed was meant for the line. */
function wordInput(state: State, confirm: Confirm, answer: Editor, input: Input): Next {
  const closed: State = { ...state, confirm: undefined }
  const after = withUnsent(closed, confirm)
  const open = (editor: Editor): Next => next({ ...state, confirm: { ...confirm, answer: editor } })
  const word = answer.text.trim().toLowerCase()
  if (input.kind === 'key' && (input.name === 'escape' || (input.ctrl && input.name === 'c'))) {
    return next(isAttempt(word) ? after : withTyped(after, answer.text))
  }
  if (input.kind === 'key' && input.name === 'enter') {
    if (word === yesWord) return agreed(closed, confirm)
    if (/^no?$/.test(word)) return next(after)
    return isAttempt(word) ? open(emptyEditor) : next(withTyped(after, answer.text))
  }
  const editor = editWith(answer, input, 'one')
  return editor === undefined ? next(state) : open(editor)
}

function textOf(input: Input): string {
  return input.kind === 'text' || input.kind === 'paste' ? input.text : ''
}

/** Meant as an answer, and not for the line. */
function isPlainNo(input: Input): boolean {
  return /^(?:no?|\P{L}|)$/iu.test(textOf(input))
}

/** Pressing the quit key again confirms. */
function isYes(input: Input, quitting: boolean): boolean {
  if (input.kind === 'text') return /^y(?:es)?$/i.test(input.text)
  if (!quitting || input.kind !== 'key') return false
  return input.name === 'enter' || (input.ctrl && (input.name === 'c' || input.name === 'd'))
}

/** Undefined for keys that are handled elsewhere. */
export function sheetInput(state: State, sheet: Sheet, input: Input, keys?: 'only-scrolling'): Next | undefined {
  const { columns, rows } = sheetSpace(state)
  const scrolled = (lines: number): Next => next({ ...state, sheet: scrollSheet(sheet, lines, columns, rows) })
  if (input.kind === 'wheel') return scrolled(input.up ? -wheelLines : wheelLines)
  if (input.kind !== 'key') return undefined
  switch (input.name) {
    case 'escape':
    case 'enter':
      return keys === undefined ? next({ ...state, sheet: undefined }) : undefined
    case 'up':
      return scrolled(-1)
    case 'down':
      return scrolled(1)
    case 'page-up':
      return scrolled(3 - rows)
    case 'page-down':
      return scrolled(rows - 3)
    default:
      return undefined
  }
}
