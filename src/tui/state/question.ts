/**
 * What the next key would answer instead of editing the line. A question takes no key that was typed before it was on the
 * screen: until then text goes to the line, as a draft, and nothing else has an effect. Pure.
 */
import { editWith, emptyEditor, insert, type Editor } from '../input/editor.ts'
import { emptyInputHistory } from '../input/history.ts'
import type { Input } from '../input/key.ts'
import { loginInput } from './login.ts'
import { isQuitting, next } from './next.ts'
import type { Effect } from './effect.ts'
import type { Next, State } from './state.ts'

/** The answer to a question about a key. */
export const yesWord = 'yes'

/** The same object as long as it is the same question. */
function questionOf({ alarm, confirm, page }: State): unknown {
  if (alarm !== undefined && !isQuitting(confirm)) return alarm.key
  if (confirm !== undefined) return confirm.effects
  if (page.kind === 'waiting') return page
  if (page.kind === 'chat' && page.panel?.kind === 'requests') return page.panel.shown
  if (page.kind === 'login' && (page.step.at === 'suggested' || page.step.at === 'recovery')) return page.step
  return undefined
}

/** The state after an event, with a new question counted. */
export function counted(before: State, after: State): State {
  const question = questionOf(after)
  return question === undefined || question === questionOf(before) ? after : { ...after, asked: after.asked + 1 }
}

/** The key was typed before the question that it would answer was on the screen. */
export function isAhead(state: State, input: Input): boolean {
  if (questionOf(state) === undefined || state.drawn === state.asked) return false
  // Not a slip: the key that asks to quit, once more.
  return !(isQuitting(state.confirm) && input.kind === 'key' && input.ctrl)
}

/** Keeps what was typed: text goes to the line, and Enter breaks it without sending anything. */
export function keepTyped(state: State, input: Input): Next {
  const { page } = state
  const isText = input.kind === 'text' || input.kind === 'paste'
  if (page.kind === 'login') return isText ? loginInput(state, page, input) : next(state)
  if (input.kind === 'key' && input.name === 'enter') return next({ ...state, brokenLine: true })
  const line = lineOf(state)
  const broken = state.brokenLine && isText && line.text !== ''
  const editor = editWith(broken ? insert(line, '\n') : line, input)
  return next(editor === undefined ? state : withLine({ ...state, brokenLine: false }, editor))
}

/** With text in the line that was typed elsewhere, and meant for it. */
export function withTyped(state: State, text: string): State {
  // While a message is selected, letters act on it.
  if (text === '' || (state.page.kind === 'chat' && state.page.pick?.keys === true)) return state
  return withLine(state, insert(lineOf(state), text))
}

/** The command again, where its text could not be sent. */
export function unsentBy(effect: Effect): { readonly unsent?: string } {
  if (effect.do !== 'dm' || effect.text === undefined) return {}
  return { unsent: `/dm ${effect.name} ${effect.text}` }
}

/** The line gets it back, after what is in it. */
export function withUnsent(state: State, { unsent }: { readonly unsent?: string | undefined }): State {
  if (unsent === undefined) return state
  return withTyped(state, lineOf(state).text === '' ? unsent : `\n${unsent}`)
}

/** Rather a try at the word that a question wants than something meant for the line. */
export function isAttempt(text: string): boolean {
  return /^\S{0,5}$/.test(text.trim())
}

function lineOf({ page, drafts }: State): Editor {
  if (page.kind === 'waiting') return drafts.get(page.roomId)?.editor ?? emptyEditor
  return page.kind === 'login' ? emptyEditor : page.editor
}

function withLine(state: State, editor: Editor): State {
  const { page } = state
  switch (page.kind) {
    case 'login':
      return state
    case 'chat':
      return { ...state, page: { ...page, editor, completion: undefined } }
    case 'rooms':
      return { ...state, page: { ...page, editor, selected: 0 } }
    case 'waiting': {
      const draft = state.drafts.get(page.roomId) ?? { history: emptyInputHistory, about: undefined }
      return { ...state, drafts: new Map(state.drafts).set(page.roomId, { ...draft, editor }) }
    }
  }
}
