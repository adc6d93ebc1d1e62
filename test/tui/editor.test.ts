import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as edit from '../../src/tui/input/editor.ts'
import type { Editor } from '../../src/tui/input/editor.ts'
import { key, type Input } from '../../src/tui/input/key.ts'
import { emptyInputHistory, newer, older, remember } from '../../src/tui/input/history.ts'
import { graphemes } from '../../src/tui/text/width.ts'
import { inputRows } from '../../src/tui/view/input-line.ts'

const typed = (text: string): Editor => edit.editorWith(text)

describe('the line editor', () => {
  it('moves and deletes by what a person sees as one character', () => {
    const family = typed('a👨‍👩‍👧‍👦e\u0301')
    expect(edit.backspace(family).text).toBe('a👨‍👩‍👧‍👦')
    expect(edit.backspace(edit.backspace(family)).text).toBe('a')
    expect(edit.left(edit.left(family)).cursor).toBe(1)
    expect(edit.deleteForward(edit.left(edit.left(family))).text).toBe('ae\u0301')
  })

  it('cuts words and lines, and pastes what was cut', () => {
    const cut = edit.cutWord(typed('one two-three'))
    expect(cut.text).toBe('one ')
    expect(edit.paste(edit.lineStart(cut)).text).toBe('two-threeone ')
    expect(edit.cutWord(typed('one two-three'), true).text).toBe('one two-')
    expect(edit.cutToStart(typed('line')).text).toBe('')
    expect(edit.cutToEnd(edit.lineStart(typed('line'))).text).toBe('')
    expect(edit.cutToEnd({ ...typed('a\nb'), cursor: 1 }).text).toBe('ab')
  })

  it('moves by words', () => {
    const words = typed('alpha beta, gamma')
    expect(edit.wordLeft(words).cursor).toBe(12)
    expect(edit.wordLeft(edit.wordLeft(words)).cursor).toBe(6)
    expect(edit.wordRight(edit.lineStart(words)).cursor).toBe(5)
  })

  it('goes up and down in a text of several lines, keeping the column', () => {
    const text = typed('first\nse\nthird')
    const up = edit.lineUp(text)
    expect(up?.cursor).toBe(8)
    expect(edit.lineUp(up ?? text)?.cursor).toBe(2)
    expect(edit.lineDown(text)).toBeUndefined()
  })

  const press = (editor: Editor, ...inputs: readonly Input[]): Editor =>
    inputs.reduce((before, input) => edit.editWith(before, input) ?? before, editor)
  const letters = (text: string): readonly Input[] => Array.from(text, (letter) => ({ kind: 'text', text: letter }))
  const ctrl = (name: string): Input => key(name, { ctrl: true })
  const older = key('y', { alt: true })

  it.each<[string, readonly Input[], readonly string[]]>([
    ['a word typed letter by letter', letters('one two'), ['one ', 'one', '']],
    ['a paste', [...letters('a'), { kind: 'paste', text: 'b c' }], ['a', '']],
    ['a run of Backspace', [...letters('abc'), key('backspace'), key('backspace')], ['abc', '']],
    ['typing in two places', [...letters('ab'), key('left'), ...letters('x')], ['ab', '']],
    ['a cut', [...letters('ab'), ctrl('u'), ...letters('c')], ['', 'ab', '']],
    ['what was pasted, and an older cut in its place', [...letters('ab'), ctrl('u'), ctrl('y'), older], ['', 'ab', '']],
    ['an exchange', [...letters('ab'), ctrl('t')], ['ab', '']],
  ])('undoes %s', (_what, inputs, expected) => {
    let editor = press(edit.emptyEditor, ...inputs)
    for (const text of expected) {
      editor = press(editor, ctrl('_'))
      expect(editor.text).toBe(text)
    }
    expect(press(editor, ctrl('/')).text).toBe('')
  })

  it('undoes what replaced the line, and what cleared it', () => {
    const replaced = edit.editorWith('from the history', typed('mine'))
    expect(edit.undo(replaced)).toMatchObject({ text: 'mine', cursor: 4 })
    const cleared = edit.cleared(typed('mine'))
    expect([cleared.text, edit.undo(cleared).text, edit.paste(cleared).text]).toEqual(['', 'mine', 'mine'])
    expect(edit.undo(edit.nextLine(cleared)).text).toBe('')
    expect(edit.paste(edit.nextLine(cleared)).text).toBe('mine')
  })

  it('bounds what can be undone, in steps and in characters', () => {
    let small = edit.emptyEditor
    for (let n = 0; n < 1000; n += 1) small = edit.insert(small, 'x')
    expect(small.past.length).toBe(200)
    let large = edit.emptyEditor
    for (let n = 0; n < 100; n += 1) large = edit.editorWith(String(n).repeat(10_000), large)
    expect(large.past.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(8 * edit.inputCharsMax)
    expect(edit.undo(large).text).toBe('98'.repeat(10_000))
  })

  it('puts an older cut in place of the one just pasted, in turn', () => {
    const cut = press(edit.emptyEditor, ...letters('one'), ctrl('u'), ...letters('two'), ctrl('u'), ctrl('y'))
    expect(cut.text).toBe('two')
    expect(press(cut, older).text).toBe('one')
    expect(press(cut, older, older).text).toBe('two')
    // Only right after pasting.
    expect(press(cut, key('left'), older).text).toBe('two')
    expect(press(edit.emptyEditor, ctrl('y'), older).text).toBe('')
  })

  it.each([
    ['teh', 3, 'the', 3],
    ['teh', 1, 'eth', 2],
    ['ab\ncd', 2, 'ba\ncd', 2],
    ['ab\ncd', 3, 'ab\ncd', 3],
    ['a', 1, 'a', 1],
    ['', 0, '', 0],
    ['a👨‍👩‍👧‍👦', 12, '👨‍👩‍👧‍👦a', 12],
  ])('exchanges characters in %j at %i', (text, cursor, after, at) => {
    expect(edit.transpose({ ...typed(text), cursor })).toMatchObject({ text: after, cursor: at })
  })

  it('takes the names of keys literally', () => {
    expect(edit.editWith(typed('a'), key('constructor'))).toBeUndefined()
  })

  it('keeps its cursor between graphemes whatever is done', () => {
    const unit = fc.constantFrom('a', ' ', '\n', '漢', '👨‍👩‍👧‍👦', 'e\u0301', '🇩🇪', '-', '\u0301')
    const actions: ((editor: Editor) => Editor)[] = [
      edit.left,
      edit.right,
      edit.backspace,
      edit.deleteForward,
      edit.wordLeft,
      edit.wordRight,
      edit.cutWord,
      edit.cutWordRight,
      edit.cutToStart,
      edit.cutToEnd,
      edit.paste,
      edit.pasteOlder,
      edit.transpose,
      edit.undo,
      edit.lineStart,
      edit.lineEnd,
      (editor) => edit.lineUp(editor) ?? editor,
      (editor) => edit.lineDown(editor) ?? editor,
    ]
    const step = fc.oneof(
      unit.map((text) => (editor: Editor) => edit.insert(editor, text)),
      fc.constantFrom(...actions),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let editor = edit.emptyEditor
        for (const one of steps) {
          editor = one(editor)
          let at = 0
          const places = [0, ...graphemes(editor.text).map((part) => (at += part.length))]
          expect(places).toContain(editor.cursor)
        }
      }),
    )
  })

  it('takes no more than its bound', () => {
    const full = edit.insert(edit.emptyEditor, 'x'.repeat(edit.inputCharsMax))
    expect(edit.insert(full, 'y')).toBe(full)
  })
})

describe('the rows of input', () => {
  it('breaks by columns and knows where the cursor is', () => {
    expect(inputRows(typed('abcdef'), 4, 5)).toEqual({ rows: ['abcd', 'ef'], cursor: { row: 1, column: 2 } })
    expect(inputRows(typed('abcd'), 4, 5)).toEqual({ rows: ['abcd', ''], cursor: { row: 1, column: 0 } })
    expect(inputRows(typed('漢字'), 3, 5)).toEqual({ rows: ['漢', '字'], cursor: { row: 1, column: 2 } })
    expect(inputRows(edit.left(typed('a\nb')), 9, 5).cursor).toEqual({ row: 1, column: 0 })
  })

  it('keeps the row of the cursor in sight', () => {
    const many = typed(Array.from({ length: 20 }, (_, n) => `line ${n}`).join('\n'))
    expect(inputRows(many, 20, 3).rows.at(-1)).toBe('line 19')
    expect(inputRows({ ...many, cursor: 0 }, 20, 3).rows[0]).toBe('line 0')
  })

  it('shows dots for a password', () => {
    expect(inputRows(typed('sëcret'), 20, 1, '•').rows).toEqual(['••••••'])
  })
})

describe('the history of input', () => {
  it('walks back and forth and returns to what was being typed', () => {
    const history = remember(remember(emptyInputHistory, 'one'), 'two')
    const two = older(history, 'draft')
    const one = two && older(two.history, two.text)
    expect([two?.text, one?.text]).toEqual(['two', 'one'])
    expect(one && older(one.history, one.text)).toBeUndefined()
    const back = one && newer(one.history)
    expect(back?.text).toBe('two')
    expect(back && newer(back.history)?.text).toBe('draft')
  })
})
