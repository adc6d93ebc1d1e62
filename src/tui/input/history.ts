/** Input history, walked with Up and Down: one list per room, bounded. Pure. */
import { inputLinesMax } from '../../base/limits.ts'

export interface InputHistory {
  /** Oldest first. */
  readonly entries: readonly string[]
  /** The entry shown; undefined while typing something new. */
  readonly at: number | undefined
  /** What was being typed when the walk began. */
  readonly draft: string
  /** How many entries were added since the program started: so many, at most, are not in the home yet. */
  readonly added: number
}

export const emptyInputHistory: InputHistory = { entries: [], at: undefined, draft: '', added: 0 }

export function remember(history: InputHistory, text: string): InputHistory {
  const { entries, added } = history
  const isNew = entries.at(-1) !== text
  const after = isNew ? [...entries, text].slice(-inputLinesMax) : entries
  return { entries: after, at: undefined, draft: '', added: added + (isNew ? 1 : 0) }
}

/** Undefined if there is nothing older. */
export function older(history: InputHistory, typed: string): { history: InputHistory; text: string } | undefined {
  const at = (history.at ?? history.entries.length) - 1
  const text = history.entries[at]
  if (text === undefined) return undefined
  return { history: { ...history, at, draft: history.at === undefined ? typed : history.draft }, text }
}

export function newer(history: InputHistory): { history: InputHistory; text: string } | undefined {
  if (history.at === undefined) return undefined
  const at = history.at + 1
  const text = history.entries[at]
  if (text === undefined) return { history: { ...history, at: undefined, draft: '' }, text: history.draft }
  return { history: { ...history, at }, text }
}
