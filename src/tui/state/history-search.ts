/** Ctrl-R: a line that was sent before, found by a part of it, newest first. The line itself stays until one is taken. Pure. */
import { editorWith, type Editor } from '../input/editor.ts'
import type { InputHistory } from '../input/history.ts'
import type { Input } from '../input/key.ts'
import { cleanInput } from '../sanitize.ts'
import { info, next } from './next.ts'
import type { ChatPage, HistorySearch, Next, State } from './state.ts'

const wantedCharsMax = 200

export function startSearch(state: State, page: ChatPage): Next {
  if (page.history.entries.length === 0) return next(info(state, "You haven't sent anything from here yet."))
  return next({ ...state, page: { ...page, search: { wanted: '', at: undefined } } })
}

/** What the input line shows: the line that was found, or the line as it is. */
export function shownEditor({ editor, history, search }: ChatPage): Editor {
  const found = search?.at === undefined ? undefined : history.entries[search.at]
  if (found === undefined || search === undefined) return editor
  return { ...editorWith(found), cursor: Math.max(0, placeIn(found, search.wanted)) }
}

/** Undefined: the search is over, and the key is for the line (`taken`). */
export function searchInput(state: State, page: ChatPage, search: HistorySearch, input: Input): Next | undefined {
  const to = (after: HistorySearch | undefined): Next => next({ ...state, page: { ...page, search: after } })
  const { wanted, at } = search
  if (input.kind === 'text' || input.kind === 'paste') {
    const more = (wanted + cleanInput(input.text).replaceAll('\n', ' ')).slice(0, wantedCharsMax)
    return to({ wanted: more, at: find(page.history, more, at ?? page.history.entries.length - 1, -1) })
  }
  if (input.kind !== 'key') return undefined
  const { name, ctrl, alt } = input
  if (ctrl && (name === 'r' || name === 's')) {
    const step = name === 'r' ? -1 : 1
    const from = at === undefined ? page.history.entries.length - 1 : at + step
    return to({ wanted, at: find(page.history, wanted, from, step, at) ?? at })
  }
  if (name === 'backspace' && !alt && !ctrl) {
    const less = Array.from(wanted).slice(0, -1).join('')
    const newest = page.history.entries.length - 1
    return to({ wanted: less, at: less === '' ? undefined : find(page.history, less, newest, -1) })
  }
  if (name === 'escape' || (ctrl && name === 'g')) return to(undefined)
  // Found is not sent: that takes another Enter.
  if (name === 'enter' && !alt && !ctrl) return next({ ...state, page: taken(page) })
  return undefined
}

/** With the line that was found; Up goes on from it, and Ctrl-_ brings the former text back. */
export function taken(page: ChatPage): ChatPage {
  const { search, history, editor } = page
  const plain: ChatPage = { ...page, search: undefined }
  if (search?.at === undefined) return plain
  const draft = history.at === undefined ? editor.text : history.draft
  return { ...plain, editor: editorWith(shownEditor(page).text, editor), history: { ...history, at: search.at, draft } }
}

/** The next entry with the text, and not the one that is shown already under another number. */
function find(
  { entries }: InputHistory,
  wanted: string,
  from: number,
  step: 1 | -1,
  shown?: number,
): number | undefined {
  if (wanted === '') return undefined
  for (let at = from; at >= 0 && at < entries.length; at += step) {
    const entry = entries[at] ?? ''
    if (placeIn(entry, wanted) >= 0 && (shown === undefined || entry !== entries[shown])) return at
  }
  return undefined
}

/** Upper and lower case alike. */
function placeIn(text: string, wanted: string): number {
  const lower = text.toLowerCase()
  // Where lower case is longer, its places are not those of the text.
  return lower.length === text.length ? lower.indexOf(wanted.toLowerCase()) : text.indexOf(wanted)
}
