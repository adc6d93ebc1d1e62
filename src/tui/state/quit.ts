/** Leaving the program is asked for, and said. */
import type { Next, State } from './state.ts'
import { next } from './state.ts'

export function askToQuit(state: State): Next {
  return next({ ...state, confirm: { question: 'Quit Conclave?', effects: [{ do: 'quit' }] } })
}
