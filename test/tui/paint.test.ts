import headless from '@xterm/headless'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { span } from '../../src/tui/text/style.ts'
import type { Line } from '../../src/tui/text/style.ts'
import { widthOf } from '../../src/tui/text/width.ts'
import { nothingPainted, paint } from '../../src/tui/terminal/paint.ts'
import { paletteOf } from '../../src/tui/terminal/palette.ts'
import { frame } from '../../src/tui/view/frame.ts'
import { hostileText } from './hostile.ts'
import { UnicodeGraphemesAddon } from '../terminal/graphemes.ts'

const [coloured, plain] = [paletteOf('dark', '16'), paletteOf('dark', 'none')]
const columns = 40
const rows = 6

function screenOf(terminal: headless.Terminal): string[] {
  const { active } = terminal.buffer
  return Array.from(
    { length: terminal.rows },
    (_, row) =>
      active
        .getLine(active.baseY + row)
        ?.translateToString(true)
        .trimEnd() ?? '',
  )
}

async function write(terminal: headless.Terminal, output: string): Promise<void> {
  await new Promise<void>((resolve) => terminal.write(output, resolve))
}

function emulator(): headless.Terminal {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true })
  terminal.loadAddon(new UnicodeGraphemesAddon())
  return terminal
}

/** Measures each code point alone, as tables of before 2017 have it: an emoji of several is twice as wide, or more. */
function oldEmulator(): headless.Terminal {
  return new headless.Terminal({ cols: columns, rows, allowProposedApi: true })
}

describe('painting', () => {
  it('writes only the rows that changed', () => {
    const before = paint(nothingPainted, frame([[span('one')], [span('two')]], columns, rows), coloured)
    const after = paint(before.painted, frame([[span('one')], [span('three')]], columns, rows), coloured)
    expect(before.output).toContain('one')
    expect(after.output).not.toContain('one')
    expect(after.output).toContain('three')
    expect(paint(after.painted, frame([[span('one')], [span('three')]], columns, rows), coloured).output).toBe('')
  })

  it('leaves colours out where none are wanted, and keeps the rest of the looks', () => {
    const lines: Line[] = [[span('name', { colour: 'red', bold: true })]]
    expect(paint(nothingPainted, frame(lines, columns, rows), coloured).output).toContain('\x1b[0;1;31mname')
    expect(paint(nothingPainted, frame(lines, columns, rows), plain).output).toContain('\x1b[0;1mname')
  })

  it('puts what follows a wide text at its own column', () => {
    // Dashes are wide in terminals for Chinese and Japanese, and narrow elsewhere.
    for (const wide of ['👨‍👩‍👧‍👦', '漢', '——']) {
      const lines: Line[] = [[span(wide), span('│')]]
      expect(paint(nothingPainted, frame(lines, columns, rows), coloured).output, wide).toContain('\x1b[3G│')
    }
  })

  it.each([
    ['two 👋🏽👋🏿 meet at 15:30, all of you, ok', 'meet at 15:30, all of you, ok'],
    ['👨‍👩‍👧‍👦 and 🏳️‍🌈 and then the end of the row.', 'end of the row.'],
    ['1️⃣ ❤️ 🇩🇪 क्षि e\u0301\u0302 宽 ﷽ until the last cell', 'until the last cell'],
  ])('shows the rest of a row on a terminal that measures emoji otherwise: %s', async (text, rest) => {
    const terminal = oldEmulator()
    await write(terminal, `\x1b[?7l${paint(nothingPainted, frame([[span(text)]], columns, rows), coloured).output}`)
    const [shown = ''] = screenOf(terminal)
    expect(shown).toContain(rest)
    const cells = Array.from({ length: columns }, (_, x) => terminal.buffer.active.getLine(0)?.getCell(x)?.getChars())
    // The last character stands where we believe that it does.
    expect(cells[widthOf(text) - 1]).toBe(text.at(-1))
    terminal.dispose()
  })

  it('writes the first code point of an emoji alone where a terminal counts columns of each', () => {
    const text = 'two 👋🏽👋🏿 ❤️ 1️⃣ 🇩🇪 👩‍👩‍👧 क्षि e\u0301 ✓ end'
    const { output } = paint(nothingPainted, frame([[span(text)]], columns, rows), coloured, { clusters: false })
    const shown = output.replace(/\x1b\[[?0-9;]*[A-Za-z]/g, '')
    expect(shown.trimEnd()).toBe('two 👋👋 ❤ 1 DE 👩 क्षि e\u0301 ✓ end')
    // What follows still stands at its column.
    expect(output).toContain(`\x1b[${widthOf(text.slice(0, text.indexOf(' end'))) + 1}G end`)
  })

  it('gives a link to the terminal, and closes it before anything else', () => {
    const lines: Line[] = [
      [span('see '), span('a.exam', { underline: true, link: 'https://a.example/ü' }), span(' now')],
      [span('ple', { underline: true, link: 'https://a.example/ü' })],
    ]
    const { output } = paint(nothingPainted, frame(lines, columns, rows), coloured, { links: true })
    const [id] = /(?<=\x1b\]8;id=)[0-9a-z]+/.exec(output) ?? []
    const begin = `\x1b]8;id=${id};https://a.example/%C3%BC\x1b\\`
    expect(output).toContain(`${begin}a.exam`)
    expect(output).toContain(`${begin}ple`)
    expect(output.split('\x1b]8;;\x1b\\')).toHaveLength(3)
    expect(paint(nothingPainted, frame(lines, columns, rows), coloured, { links: false }).output).not.toContain('\x1b]')
  })

  it('leaves no link open, and lets none set anything, whatever its address', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: rows - 1 }), async (texts) => {
        const terminal = emulator()
        let [title, clipboard] = ['', '']
        terminal.onTitleChange((changed) => (title = changed))
        terminal.parser.registerOscHandler(52, (data) => {
          clipboard = data
          return true
        })
        let open = ''
        terminal.parser.registerOscHandler(8, (data) => {
          open = data.slice(data.indexOf(';') + 1)
          return false
        })
        const lines = texts.map((text): Line => [
          span(text.slice(0, 12), { link: `https://a.example/${text}` }),
          span('│'),
          span('here', { link: text }),
        ])
        const shown = frame([...lines, [span('last row')]], columns, rows, { row: 0, column: 0 })
        await write(terminal, `\x1b[?7l${paint(nothingPainted, shown, coloured, { links: true }).output}`)
        expect(open).toBe('')
        expect([title, clipboard]).toEqual(['', ''])
        expect(screenOf(terminal)[texts.length]).toBe('last row')
        expect([terminal.buffer.active.cursorX, terminal.buffer.active.cursorY]).toEqual([0, 0])
        terminal.dispose()
      }),
    )
  })

  it('shows on a terminal what the last frame says, whatever came before and whoever wrote it', async () => {
    const content = fc.array(hostileText, { minLength: 1, maxLength: rows - 1 })
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 4 }), async (screens) => {
        const terminal = emulator()
        let title = ''
        terminal.onTitleChange((changed) => (title = changed))
        await write(terminal, '\x1b[?7l')
        let painted = nothingPainted
        for (const texts of screens) {
          // Straight from the attacker, not even sanitized: the painter is the last line of defence.
          const lines = texts.map((text): Line => [span(text.slice(0, 12)), span('', {}), span('  '), span('│')])
          const next = paint(
            painted,
            frame([...lines, [span('last row')]], columns, rows, { row: 0, column: 0 }),
            coloured,
          )
          painted = next.painted
          await write(terminal, next.output)
        }
        const shown = screenOf(terminal)
        expect(shown[(screens.at(-1) ?? []).length]).toBe('last row')
        expect([terminal.buffer.active.cursorX, terminal.buffer.active.cursorY]).toEqual([0, 0])
        expect(title).toBe('')
        terminal.dispose()
      }),
      { numRuns: 200 },
    )
  })
})
