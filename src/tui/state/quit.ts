/** Leaving the program is asked for, and said. */
import { ask, next } from './next.ts'
import type { Confirm, Next, State } from './state.ts'

export function askToQuit(state: State): Next {
  return next(ask(state, 'Quit Conclave?', undefined, { do: 'quit' }))
}

export function isQuitting(confirm: Confirm | undefined): boolean {
  return confirm?.effects.some((effect) => effect.do === 'quit') === true
}
