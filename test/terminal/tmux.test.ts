/** What an attacker writes, painted in a real tmux: it moves no cell that is not its own. Skipped where there is no tmux. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sanitize, sanitizeLine } from '../../src/tui/sanitize.ts'
import { nothingPainted, paint } from '../../src/tui/terminal/paint.ts'
import { paletteOf } from '../../src/tui/terminal/palette.ts'
import { Signals } from '../../src/tui/terminal/signals.ts'
import { messageRows } from '../../src/tui/text/message-rows.ts'
import { fit, span, type Line } from '../../src/tui/text/style.ts'
import { padEnd } from '../../src/tui/text/width.ts'
import { frame } from '../../src/tui/view/frame.ts'
import { until } from '../node/processes.ts'
import { hostilePieces, hostileText, markupPieces } from '../tui/hostile.ts'

const coloured = paletteOf('dark', '16')
const columns = 60
const rows = 24
const textColumns = 24
const hasTmux = spawnSync('tmux', ['-V']).status === 0

const corpus = [
  ...hostilePieces.map((piece) => `a${piece}b ${piece}${piece} end`),
  ...['👋🏽👋🏿', '🏳️‍🌈', '1️⃣2️⃣', '👩🏽‍🚀', '🫩🫆', '☺️', '⚠️⚠', '﷽', 'e\u0301\u0302\u0303', '\u1f1e9', 'ﬁ', '①', '½'].map(
    (emoji) => `two ${emoji} meet at 15:30`,
  ),
  ...[
    '*bold* _it_ `code` ~~no~~',
    '[text](https://x.org/a_(b))',
    '![i](x)',
    '<b>b</b>',
    '> quote',
    '# h',
    '```\n',
    '| a | b |',
  ],
  ...fc.sample(hostileText, { numRuns: 250, seed: 7 }),
]

let folder = ''
const tmux = (...args: readonly string[]): string =>
  execFileSync('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', TERM: 'xterm-256color' },
  }).toString()

describe.skipIf(!hasTmux)('in tmux', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'conclave-tmux-'))
    tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'sleep 1000')
    tmux('set-option', '-g', 'status', 'off')
    tmux('resize-window', '-x', String(columns), '-y', String(rows))
  })
  afterAll(() => {
    tmux('kill-server')
    rmSync(folder, { recursive: true, force: true })
  })

  /** The rows of the pane after `output`, whose last row is `last`. */
  async function shown(output: string, last: string): Promise<readonly string[]> {
    const file = join(folder, 'output')
    writeFileSync(file, `\x1b[?7l\x1b[2J${output}`)
    tmux('respawn-pane', '-k', `stty raw -echo; cat '${file}'; exec sleep 1000`)
    let screen: readonly string[] = []
    await until(() => {
      screen = tmux('capture-pane', '-p').split('\n')
      return screen.some((row) => row === last)
    })
    return screen
  }

  test('the corpus is large enough', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(300)
  })

  async function staysInPlace(texts: readonly string[], cells: readonly Line[], name: string): Promise<void> {
    const lines = cells.map((cell, at): Line => [
      span(`${at} │`.padStart(4)),
      ...fit(cell, textColumns),
      span(`│ right of ${at}`),
    ])
    const last = `the last row ${name}`
    const { output } = paint(
      nothingPainted,
      frame([...lines, [span(last)]], columns, rows, { row: 2, column: 5 }),
      coloured,
      { links: true },
    )
    const screen = await shown(output, last)
    for (const at of texts.keys()) {
      expect(screen[at]).toMatch(new RegExp(`^${`${at} │`.padStart(4)}`))
      // Cells are counted from the right, since the middle has as many as its terminal believes.
      expect(screen[at]?.endsWith(`│ right of ${at}`), `${JSON.stringify(texts[at])}: ${screen[at]}`).toBe(true)
    }
    expect(screen[texts.length]).toBe(last)
    expect(tmux('display-message', '-p', '#{cursor_x} #{cursor_y}').trim()).toBe('5 2')
  }

  for (let from = 0; from < corpus.length; from += rows - 1) {
    const texts = corpus.slice(from, from + rows - 1)
    test(`texts ${from} to ${from + texts.length - 1} stay in their cells`, async () => {
      const cells = texts.map((text): Line => [
        span(padEnd(sanitizeLine(text), textColumns), { underline: true, link: `https://a.example/${text}` }),
      ])
      await staysInPlace(texts, cells, `from ${from}`)
    })
  }

  test('formatted texts stay in their cells, whichever of their rows is shown', async () => {
    const texts = [
      ...markupPieces.map((piece) => `*a*${piece}漢 ||b👋🏽c|| ${piece}_e\u0301_ end`),
      ...fc
        .sample(fc.array(fc.constantFrom(...markupPieces, ...hostilePieces), { minLength: 4 }), {
          numRuns: 30,
          seed: 7,
        })
        .map((parts) => parts.join('')),
    ]
    const all = texts.flatMap((text) => messageRows(sanitize(text), textColumns, {}).map((row) => [text, row] as const))
    for (let from = 0; from < all.length; from += rows - 1) {
      const part = all.slice(from, from + rows - 1)
      await staysInPlace(
        part.map(([text]) => text),
        part.map(([, row]) => row),
        `of ${from}`,
      )
    }
  })

  test('its clipboard takes a copy, whatever the text holds', async () => {
    tmux('set-option', '-s', 'set-clipboard', 'on')
    const text = `two 👋🏽👋🏿\n${'long '.repeat(3000)}\x1b]52;c;\x07 end`
    const signals = new Signals({ TERM: 'tmux-256color', TMUX: join(folder, 'socket') })
    expect((await shown(`${signals.copy(text)}last`, 'last'))[0]).toBe('last')
    await until(() => tmux('list-buffers') !== '')
    expect(tmux('show-buffer')).toBe(text)
  })

  test('the rest of a row is there after emoji of several code points', async () => {
    const text = 'two 👋🏽👋🏿 meet at 15:30, all of you, and bring ten people'
    const { output } = paint(nothingPainted, frame([[span(text)], [span('last')]], columns, rows), coloured)
    expect((await shown(output, 'last'))[0]).toMatch(/meet at 15:30, all of you, and bring ten people$/)
  })
})
