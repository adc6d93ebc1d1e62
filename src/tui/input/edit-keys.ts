/** The keys that edit a line, the same in every field. Pure. */
import type { Editor } from './editor.ts'
import * as edit from './editor.ts'
import type { Input } from './key.ts'
import { cleanInput } from '../text/clean.ts'

type Action = (editor: Editor) => Editor

const bare: Readonly<Record<string, Action>> = {
  left: edit.left,
  right: edit.right,
  home: edit.lineStart,
  end: edit.lineEnd,
  backspace: edit.backspace,
  delete: edit.deleteForward,
}
const withCtrl: Readonly<Record<string, Action>> = {
  a: edit.lineStart,
  e: edit.lineEnd,
  f: edit.right,
  k: edit.cutToEnd,
  u: edit.cutToStart,
  w: edit.cutWord,
  y: edit.paste,
  d: edit.deleteForward,
  left: edit.wordLeft,
  right: edit.wordRight,
  delete: edit.cutWordRight,
  backspace: (editor) => edit.cutWord(editor, true),
}
const withAlt: Readonly<Record<string, Action>> = {
  b: edit.wordLeft,
  f: edit.wordRight,
  d: edit.cutWordRight,
  left: edit.wordLeft,
  right: edit.wordRight,
  delete: edit.cutWordRight,
  backspace: (editor) => edit.cutWord(editor, true),
}

/** The editor after the input; undefined when it edits nothing. */
export function editWith(editor: Editor, input: Input, lines: 'one' | 'many' = 'many'): Editor | undefined {
  switch (input.kind) {
    case 'text':
    case 'paste': {
      const clean = cleanInput(input.text)
      return edit.insert(editor, lines === 'many' ? clean : clean.replace(/\n+$/, '').replaceAll('\n', ' '))
    }
    case 'key': {
      const actions = input.ctrl ? withCtrl : input.alt ? withAlt : bare
      return actions[input.name]?.(editor)
    }
    case 'wheel':
      return undefined
  }
}
