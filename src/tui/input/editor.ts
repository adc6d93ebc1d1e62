/**
 * A line editor: text, a cursor that is always between two graphemes, and the last cut. Pure; a text may have several
 * lines. Bounded by `inputCharsMax`: input beyond it is ignored.
 */
import { cleanInput } from '../sanitize.ts'
import { graphemes } from '../text/width.ts'
import type { Input } from './key.ts'

export interface Editor {
  readonly text: string
  /** Index into `text`, in UTF-16 units. */
  readonly cursor: number
  /** What Ctrl-W, Ctrl-U or Ctrl-K cut last, for Ctrl-Y. */
  readonly cut: string
}

/**
 * Code units; more than a message may hold, so that exceeding the limit is reported on sending and not a silent cut.
 */
export const inputCharsMax = 32_768

export const emptyEditor: Editor = { text: '', cursor: 0, cut: '' }

export function editorWith(text: string, before: Editor = emptyEditor): Editor {
  return { ...before, text, cursor: text.length }
}

export function insert(editor: Editor, text: string): Editor {
  if (editor.text.length + text.length > inputCharsMax) return editor
  const joined = editor.text.slice(0, editor.cursor) + text + editor.text.slice(editor.cursor)
  // A combining mark or a joiner merges with the grapheme before it: the cursor goes after the whole.
  return { ...editor, text: joined, cursor: boundaryFrom(joined, editor.cursor + text.length) }
}

export function replaceRange(editor: Editor, from: number, to: number, text: string): Editor {
  const joined = editor.text.slice(0, from) + text + editor.text.slice(to)
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
  return insert(editor, editor.cut)
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
  return { ...without(editor, from, to), cut: editor.text.slice(from, to) }
}

function without(editor: Editor, from: number, to: number): Editor {
  const text = editor.text.slice(0, from) + editor.text.slice(to)
  return { ...editor, text, cursor: boundaryFrom(text, from) }
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
      return insert(editor, lines === 'many' ? clean : clean.replace(/\n+$/, '').replaceAll('\n', ' '))
    }
    case 'key': {
      const actions = input.ctrl ? withCtrl : input.alt ? withAlt : bare
      return actions[input.name]?.(editor)
    }
    case 'wheel':
      return undefined
  }
}
