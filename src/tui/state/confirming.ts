/** Questions that are answered with y or n: anything but a yes is a no. Pure. */
import type { Input } from '../input/key.ts'
import { isQuitting } from './quit.ts'
import { sheetInput } from './sheet-input.ts'
import type { Confirm, Next, State } from './state.ts'
import { busy, next } from './next.ts'

export function confirmInput(state: State, confirm: Confirm, input: Input): Next {
  // What the question is about may be longer than the screen.
  const scrolled = state.sheet && sheetInput(state, state.sheet, input, 'only-scrolling')
  if (scrolled !== undefined || input.kind === 'wheel') return scrolled ?? next(state)
  const after: State = { ...state, confirm: undefined }
  const quitting = isQuitting(confirm)
  if (!isYes(input, quitting)) return next(after)
  if (quitting) return next(after, ...confirm.effects)
  const closed: State = { ...after, sheet: undefined }
  return next(confirm.label === undefined ? closed : busy(closed, confirm.label), ...confirm.effects)
}

/** Who wants to quit presses what he pressed once more. */
function isYes(input: Input, quitting: boolean): boolean {
  if (input.kind === 'text') return input.text.toLowerCase().startsWith('y')
  if (!quitting || input.kind !== 'key') return false
  return input.name === 'enter' || (input.ctrl && (input.name === 'c' || input.name === 'd'))
}
