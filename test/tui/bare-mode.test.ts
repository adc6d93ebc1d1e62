/** Bare mode: the conversation and nothing else, for the terminal's own selection. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textOfLine, type Line } from '../../src/tui/text/style.ts'
import { isBare } from '../../src/tui/view/chat-layout.ts'
import { view } from '../../src/tui/view/view.ts'
import { keys } from '../terminal/terminal.ts'
import { hostileText } from './hostile.ts'
import { alan, bob, inDemo } from './in-demo.ts'

const altL = keys.alt('l')
const isOurs = (line: Line): boolean => line.length > 0 && line.every(({ style }) => style.inverse === true)

describe('bare mode', () => {
  it('shows texts from the first column at the full width, and says how to leave', async () => {
    const { drive, demo } = await inDemo({ columns: 60, rows: 12 })
    const long = `so ${'many words that go on '.repeat(4)}end`
    demo.say(alan, long)
    demo.say(bob, 'first line\n  second, *indented*')
    await drive.settle()
    await drive.type(`half a line${altL}`)
    expect(isBare(drive.state)).toBe(true)
    expect(drive.screen()).toEqual([
      '',
      '',
      'the beginning of demo',
      'Mon 23 November 2026',
      '12:00 <admin> ada created this room.',
      '12:00 Alan',
      'so many words that go on many words that go on many words',
      'that go on many words that go on end',
      '12:00 bob',
      'first line',
      '  second, indented',
      ' Alt+L, Esc: back · bare mode · PgUp, PgDn: scroll',
    ])
    expect(view(drive.state).cursor).toBeUndefined()
    // No row is filled with blanks.
    for (const row of view(drive.state).rows) expect(textOfLine(row)).toBe(textOfLine(row).trimEnd())
    await drive.type(altL)
    expect(isBare(drive.state)).toBe(false)
    expect(drive.chat.editor.text).toBe('half a line')
    expect(drive.chat.timeline.anchor).toBeUndefined()
  })

  it('is left by Escape, Enter, Ctrl-C and a question, and by typing, which goes into the line', async () => {
    const { drive, demo } = await inDemo()
    for (const key of [keys.escape, keys.enter, keys.ctrl('c'), keys.tab]) {
      await drive.type(`draft${altL}`)
      await drive.type(key)
      expect(isBare(drive.state)).toBe(false)
      expect(drive.chat.editor.text).toBe('draft')
      await drive.type(keys.ctrl('u'))
    }
    expect(demo.log.filter(({ kind }) => kind === 'message')).toEqual([])
    await drive.type(`one${altL}`)
    await drive.type(' two')
    expect(isBare(drive.state)).toBe(false)
    expect(drive.chat.editor.text).toBe('one two')
    await drive.type(`${altL}${keys.paste(' three')}`)
    expect(drive.chat.editor.text).toBe('one two three')
    await drive.type(altL)
    drive.happen({ kind: 'done', text: '' })
    expect(isBare(drive.state)).toBe(true)
    await drive.type(`${keys.ctrl('u')}${keys.ctrl('d')}`)
    expect(drive.text()).toContain('Quit Conclave?')
  })

  it('scrolls, and holds still while others write', async () => {
    const { drive, demo } = await inDemo({ columns: 60, rows: 12 })
    for (let n = 1; n <= 60; n += 1) demo.say(alan, `message ${n}.`)
    await drive.settle()
    await drive.type(altL)
    const before = drive.screen()
    expect(before).toContain('message 60.')
    demo.say(alan, 'later')
    await drive.settle()
    expect(drive.screen().slice(0, -1)).toEqual(before.slice(0, -1))
    expect(drive.text()).toContain('↓ 1 new')
    await drive.type(`${keys.pageUp}${keys.pageUp}`)
    expect(drive.text()).not.toContain('message 60.')
    await drive.type(keys.altHome)
    expect(drive.screen()).toContain('the beginning of demo')
    expect(isBare(drive.state)).toBe(true)
    await drive.type(keys.escape)
    expect(drive.text()).toContain('later')
  })

  it('takes nothing that others write for words of the program', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom('\n12:00 bob\n', '\n── Mon ──\n', ' > ', '(edited)'), hostileText), {
          minLength: 1,
          maxLength: 4,
        }),
        async (parts) => {
          const { drive, demo } = await inDemo({ columns: 60, rows: 400 })
          demo.say(alan, parts.join('') || 'x')
          await drive.settle()
          await drive.type(altL)
          const ours = view(drive.state).rows.filter(isOurs).map(textOfLine)
          expect(ours.slice(0, -1)).toEqual([
            'the beginning of demo',
            'Mon 23 November 2026',
            '12:00 <admin> ada created this room.',
            '12:00 Alan',
          ])
          const others = view(drive.state).rows.filter((row) => !isOurs(row))
          expect(others.flat().filter(({ style }) => style.inverse === true)).toEqual([])
        },
      ),
      { numRuns: 20 },
    )
  })
})
