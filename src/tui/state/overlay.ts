/** Keys of what covers a page: a question that is answered with y or n, and a sheet of longer output. Pure. */
import type { Input } from '../input/key.ts'
import { sheetSpace } from '../view/chat-layout.ts'
import { scrollSheet } from '../view/sheet.ts'
import { busy, isQuitting, next } from './next.ts'
import type { Confirm, Next, Sheet, State } from './state.ts'

export function confirmInput(state: State, confirm: Confirm, input: Input): Next {
  // The text in question may be longer than the screen.
  const scrolled = state.sheet && sheetInput(state, state.sheet, input, 'only-scrolling')
  if (scrolled !== undefined || input.kind === 'wheel') return scrolled ?? next(state)
  const after: State = { ...state, confirm: undefined }
  const quitting = isQuitting(confirm)
  if (!isYes(input, quitting)) return next(after)
  if (quitting) return next(after, ...confirm.effects)
  const closed: State = { ...after, sheet: undefined }
  return next(confirm.label === undefined ? closed : busy(closed, confirm.label), ...confirm.effects)
}

/** Pressing the quit key again confirms. */
function isYes(input: Input, quitting: boolean): boolean {
  if (input.kind === 'text') return input.text.toLowerCase().startsWith('y')
  if (!quitting || input.kind !== 'key') return false
  return input.name === 'enter' || (input.ctrl && (input.name === 'c' || input.name === 'd'))
}

/** Undefined for keys that are handled elsewhere. */
export function sheetInput(state: State, sheet: Sheet, input: Input, keys?: 'only-scrolling'): Next | undefined {
  if (input.kind !== 'key') return undefined
  const { columns, rows } = sheetSpace(state)
  const scrolled = (lines: number): Next => next({ ...state, sheet: scrollSheet(sheet, lines, columns, rows) })
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
