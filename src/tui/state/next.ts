/** Small state transitions: messages, questions, pages, progress. Pure. */
import { emptyEditor } from '../input/editor.ts'
import type { Effect } from './effect.ts'
import type { Confirm, Next, State } from './state.ts'

export function next(state: State, ...effects: readonly Effect[]): Next {
  return { state, effects }
}

export function info(state: State, text: string, hint = ''): State {
  return { ...state, flash: { tone: 'info', text, hint } }
}

/** Marks an operation as under way, until an event says that it is done. */
export function busy(state: State, label = 'one moment…'): State {
  return { ...state, busy: { label, frame: 0 } }
}

export function sheet(state: State, title: string, lines: readonly string[]): State {
  return { ...state, sheet: { title, lines, top: 0 } }
}

/** Asks a question; on a yes runs the effects, with a label if they take a moment. */
export function ask(state: State, question: string, label: string | undefined, ...effects: readonly Effect[]): State {
  return { ...state, confirm: { question, label, effects, answer: undefined } }
}

/** Whether to trust a key: takes the whole word. */
export function askToTrust(state: State, question: string, ...effects: readonly Effect[]): State {
  return { ...state, confirm: { question, label: 'one moment…', effects, answer: emptyEditor } }
}

/** As `askToTrust`, with a warning: in red. */
export function askInRed(state: State, question: string, ...effects: readonly Effect[]): State {
  return { ...state, confirm: { question, label: 'one moment…', effects, answer: emptyEditor, danger: true } }
}

export function problem(state: State, text: string, hint = ''): State {
  return { ...state, flash: { tone: 'error', text, hint } }
}

export function askToQuit(state: State): Next {
  return next(ask(state, 'Quit Conclave?', undefined, { do: 'quit' }))
}

export function isQuitting(confirm: Confirm | undefined): boolean {
  return confirm?.effects.some((effect) => effect.do === 'quit') === true
}
