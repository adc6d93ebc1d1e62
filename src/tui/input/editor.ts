/**
 * A line editor: text, a cursor that is always between two graphemes, what was cut, and what can be undone. Pure; a text
 * may have several lines. Bounded by `inputCharsMax`: input beyond it is ignored.
 */
import { cleanInput } from '../sanitize.ts'
import { graphemes } from '../text/width.ts'
import type { Input, Key } from './key.ts'

export interface Editor {
  readonly text: string
  /** Index into `text`, in UTF-16 units. */
  readonly cursor: number
  /** What Ctrl-W, Ctrl-U, Ctrl-K and the like cut, newest first, for Ctrl-Y and Alt+Y. */
  readonly cuts: readonly string[]
  /** What the text was before each change, oldest first, for Ctrl-_. */
  readonly past: readonly Past[]
  /** What the last key did, where the next one may continue it. */
  readonly last: 'typed' | 'erased' | Pasted | undefined
}

type Past = Pick<Editor, 'text' | 'cursor'>

/** From where to the cursor, and which of the cuts it is. */
interface Pasted {
  readonly from: number
  readonly turn: number
}

/**
 * Code units; more than a message may hold, so that exceeding the limit is reported on sending and not a silent cut.
 */
export const inputCharsMax = 32_768

const cutsMax = 16
const pastMax = 200
/** Code units of all that can be undone. */
const pastCharsMax = 8 * inputCharsMax

export const emptyEditor: Editor = { text: '', cursor: 0, cuts: [], past: [], last: undefined }

/** Another text, which can be undone where it replaces one. */
export function editorWith(text: string, before?: Editor): Editor {
  const after = { ...(before ?? emptyEditor), text, cursor: text.length }
  return before === undefined ? after : changed(before, after)
}

/** For the next line: what was cut before can still be pasted. */
export function nextLine({ cuts }: Editor): Editor {
  return { ...emptyEditor, cuts }
}

/** Emptied; Ctrl-Y and Ctrl-_ bring the text back. */
export function cleared(editor: Editor): Editor {
  return editorWith('', withCut(editor, editor.text))
}

/** `after`, with a way back to the text before it. */
function changed(before: Editor, after: Editor, last?: Editor['last']): Editor {
  if (after.text === before.text) return after.last === last ? after : { ...after, last }
  if (last !== undefined && last === before.last) return after
  const past = [...before.past, { text: before.text, cursor: before.cursor }].slice(-pastMax)
  let chars = past.reduce((sum, { text }) => sum + text.length, 0)
  let first = 0
  for (; chars > pastCharsMax; first += 1) chars -= past[first]?.text.length ?? 0
  return { ...after, past: past.slice(first), last }
}

/** The text before the last change, or before the last run of letters. */
export function undo(editor: Editor): Editor {
  const before = editor.past.at(-1)
  if (before === undefined) return editor
  return { ...editor, ...before, past: editor.past.slice(0, -1), last: undefined }
}

export function insert(editor: Editor, text: string): Editor {
  return replaceRange(editor, editor.cursor, editor.cursor, text)
}

export function replaceRange(editor: Editor, from: number, to: number, text: string): Editor {
  return changed(editor, spliced(editor, from, to, text))
}

function spliced(editor: Editor, from: number, to: number, text: string): Editor {
  if (editor.text.length - (to - from) + text.length > inputCharsMax) return editor
  const joined = editor.text.slice(0, from) + text + editor.text.slice(to)
  // A combining mark or a joiner merges with the grapheme before it: the cursor goes after the whole.
  return { ...editor, text: joined, cursor: boundaryFrom(joined, from + text.length) }
}

export function left(editor: Editor): Editor {
  return { ...editor, cursor: boundaryBefore(editor.text, editor.cursor) }
}

export function right(editor: Editor): Editor {
  return { ...editor, cursor: boundaryAfter(editor.text, editor.cursor) }
}

export function backspace(editor: Editor): Editor {
  return without(editor, boundaryBefore(editor.text, editor.cursor), editor.cursor)
}

export function deleteForward(editor: Editor): Editor {
  return without(editor, editor.cursor, boundaryAfter(editor.text, editor.cursor))
}

/** Start and end of the line that the cursor is in. */
export function lineStart(editor: Editor): Editor {
  return { ...editor, cursor: editor.text.lastIndexOf('\n', editor.cursor - 1) + 1 }
}

export function lineEnd(editor: Editor): Editor {
  const end = editor.text.indexOf('\n', editor.cursor)
  return { ...editor, cursor: end < 0 ? editor.text.length : end }
}

export function wordLeft(editor: Editor): Editor {
  return { ...editor, cursor: wordStart(editor, /[\p{L}\p{N}\p{M}_]/u) }
}

export function wordRight(editor: Editor): Editor {
  const rest = editor.text.slice(editor.cursor)
  const step = /^[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]*/u.exec(rest)?.[0].length ?? 0
  return { ...editor, cursor: boundaryFrom(editor.text, editor.cursor + Math.max(step, rest === '' ? 0 : 1)) }
}

/** Ctrl-W takes everything up to a space; Alt-Backspace (`byLetters`) stops at punctuation too. */
export function cutWord(editor: Editor, byLetters = false): Editor {
  return cutRange(editor, wordStart(editor, byLetters ? /[\p{L}\p{N}\p{M}_]/u : /\S/u), editor.cursor)
}

export function cutWordRight(editor: Editor): Editor {
  return cutRange(editor, editor.cursor, wordRight(editor).cursor)
}

export function cutToStart(editor: Editor): Editor {
  return cutRange(editor, lineStart(editor).cursor, editor.cursor)
}

/** At the end of a line, the line break itself is cut. */
export function cutToEnd(editor: Editor): Editor {
  const end = lineEnd(editor).cursor
  return cutRange(editor, editor.cursor, end === editor.cursor ? Math.min(end + 1, editor.text.length) : end)
}

export function paste(editor: Editor): Editor {
  const [newest] = editor.cuts
  return newest === undefined ? editor : pasted(editor, editor.cursor, 0, newest)
}

/** Right after `paste`: an older cut in its place, and after the oldest the newest again. */
export function pasteOlder(editor: Editor): Editor {
  const { last, cuts } = editor
  if (typeof last !== 'object' || editor.text.slice(last.from, editor.cursor) !== cuts[last.turn]) return editor
  const turn = (last.turn + 1) % cuts.length
  return pasted(editor, last.from, turn, cuts[turn] ?? '')
}

function pasted(editor: Editor, from: number, turn: number, cut: string): Editor {
  const after = spliced(editor, from, editor.cursor, cut)
  return after === editor ? editor : { ...after, last: { from, turn } }
}

/** Exchanges the characters around the cursor; at the end of a line, the two before it. */
export function transpose(editor: Editor): Editor {
  const { text, cursor } = editor
  const isAtEnd = cursor === text.length || text[cursor] === '\n'
  const middle = isAtEnd ? boundaryBefore(text, cursor) : cursor
  const [start, end] = [boundaryBefore(text, middle), boundaryAfter(text, middle)]
  const [first, second] = [text.slice(start, middle), text.slice(middle, end)]
  if (first === '' || second === '' || first === '\n' || second === '\n') return editor
  return spliced(editor, start, end, second + first)
}

/** One line up or down in a text of several, keeping the column; undefined if there is none. */
export function lineUp(editor: Editor): Editor | undefined {
  const start = lineStart(editor).cursor
  if (start === 0) return undefined
  const above = lineStart({ ...editor, cursor: start - 1 }).cursor
  const target = Math.min(above + (editor.cursor - start), start - 1)
  return { ...editor, cursor: boundaryFrom(editor.text, target) }
}

export function lineDown(editor: Editor): Editor | undefined {
  const end = lineEnd(editor).cursor
  if (end === editor.text.length) return undefined
  const below = lineEnd({ ...editor, cursor: end + 1 }).cursor
  const target = Math.min(end + 1 + (editor.cursor - lineStart(editor).cursor), below)
  return { ...editor, cursor: boundaryFrom(editor.text, target) }
}

function cutRange(editor: Editor, from: number, to: number): Editor {
  if (from === to) return editor
  return withCut(without(editor, from, to), editor.text.slice(from, to))
}

function withCut(editor: Editor, cut: string): Editor {
  return cut === '' ? editor : { ...editor, cuts: [cut, ...editor.cuts].slice(0, cutsMax) }
}

function without(editor: Editor, from: number, to: number): Editor {
  return spliced(editor, from, to, '')
}

function wordStart(editor: Editor, inWord: RegExp): number {
  const parts = graphemes(editor.text.slice(0, editor.cursor))
  let at = parts.length
  while (at > 0 && !inWord.test(parts[at - 1] ?? '')) at -= 1
  while (at > 0 && inWord.test(parts[at - 1] ?? '')) at -= 1
  return parts.slice(0, at).join('').length
}

function boundaryBefore(text: string, cursor: number): number {
  let at = 0
  for (const grapheme of graphemes(text)) {
    if (at + grapheme.length >= cursor) return at
    at += grapheme.length
  }
  return at
}

function boundaryAfter(text: string, cursor: number): number {
  return boundaryFrom(text, Math.min(cursor + 1, text.length))
}

/** The first grapheme boundary at or after `index`. */
function boundaryFrom(text: string, index: number): number {
  let at = 0
  for (const grapheme of graphemes(text)) {
    if (at >= index) return at
    at += grapheme.length
  }
  return at
}

type Action = (editor: Editor) => Editor

const bare: Readonly<Record<string, Action>> = {
  left,
  right,
  home: lineStart,
  end: lineEnd,
  backspace,
  delete: deleteForward,
}
const withCtrl: Readonly<Record<string, Action>> = {
  a: lineStart,
  e: lineEnd,
  f: right,
  k: cutToEnd,
  u: cutToStart,
  w: cutWord,
  y: paste,
  t: transpose,
  _: undo,
  '/': undo,
  d: deleteForward,
  left: wordLeft,
  right: wordRight,
  delete: cutWordRight,
  backspace: (editor) => cutWord(editor, true),
}
const withAlt: Readonly<Record<string, Action>> = {
  b: wordLeft,
  f: wordRight,
  d: cutWordRight,
  y: pasteOlder,
  left: wordLeft,
  right: wordRight,
  delete: cutWordRight,
  backspace: (editor) => cutWord(editor, true),
}

/** The editor after the input; undefined if the input edits nothing. */
export function editWith(editor: Editor, input: Input, lines: 'one' | 'many' = 'many'): Editor | undefined {
  switch (input.kind) {
    case 'text':
    case 'paste': {
      const clean = cleanInput(input.text)
      const text = lines === 'many' ? clean : clean.replace(/\n+$/, '').replaceAll('\n', ' ')
      // A word that is typed letter by letter is undone as a whole, with the space before it.
      const isWord = input.kind === 'text' && !/\s/.test(text)
      return changed(editor, spliced(editor, editor.cursor, editor.cursor, text), isWord ? 'typed' : undefined)
    }
    case 'key': {
      const action = actionOf(input)
      const after = action?.(editor)
      if (after === undefined || action === undo) return after
      return changed(editor, after, lastOf(action, after))
    }
    case 'wheel':
      return undefined
  }
}

function actionOf({ name, ctrl, alt }: Key): Action | undefined {
  const actions = ctrl ? withCtrl : alt ? withAlt : bare
  return Object.hasOwn(actions, name) ? actions[name] : undefined
}

function lastOf(action: Action | undefined, after: Editor): Editor['last'] {
  if (action === paste || action === pasteOlder) return after.last
  return action === backspace ? 'erased' : undefined
}
