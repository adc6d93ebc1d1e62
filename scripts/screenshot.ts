/**
 * Plays a short scene on the real program and writes what its terminal shows to docs/screenshot.svg, and the same room on
 * a dark and a light terminal of 80 and 120 columns to docs/terminal-….svg: `node scripts/screenshot.ts`, after a build.
 *
 * The picture is reproducible: what differs between runs (times, fingerprints, and the colours derived from them) is set to
 * fixed values; everything else is copied cell by cell from the terminal.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Terminal } from '../test/terminal/terminal.ts'
import { svgOf, type Background } from './terminal-svg.ts'

const root = join(import.meta.dirname, '..')
const conclave = join(root, 'bin', 'conclave')
const home = mkdtempSync(join(tmpdir(), 'conclave-screenshot-'))
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  CONCLAVE_HOME: home,
  CONCLAVE_PASSWORD: 'marmot-violin-pumice-84-ladder',
}

async function run(...args: string[]): Promise<void> {
  await promisify(execFile)(conclave, args, { env })
}

async function say(room: string, name: string, text: string): Promise<void> {
  await run('--as', name, 'send', room, text)
}

/** Asks to join as one person and accepts as another. */
async function admit(room: string, name: string): Promise<void> {
  // Exit code 3: still waiting.
  await run('--as', name, 'join', room).catch(() => undefined)
  await run('--as', 'Alan', 'accept', room, name, '--trust-name')
}

async function play(): Promise<string> {
  for (const name of ['Alan', 'Yunhua', 'Demo2', 'Demo3', 'Demo4']) await run('signup', name)
  for (const room of ['Demo', 'ops', 'books']) await run('--as', 'Alan', 'create', room)
  await run('--as', 'Alan', 'topic', 'Demo', 'release on Friday')
  for (const name of ['Yunhua', 'Demo2', 'Demo4']) await admit('Demo', name)
  await admit('ops', 'Yunhua')
  await say('Demo', 'Yunhua', 'Hello!')
  await say('Demo', 'Alan', 'How is everyone doing?')
  await using terminal = Terminal.start({
    program: conclave,
    args: ['--as', 'Alan', 'chat', 'Demo'],
    columns: 96,
    rows: 24,
    env: { ...env, TZ: 'UTC' },
  })
  await terminal.waitForMessage('How is everyone doing?')
  terminal.send('\x02') // Ctrl-B: the members too.
  await terminal.waitFor('Alan admin')
  await run('--as', 'Demo3', 'join', 'Demo').catch(() => undefined)
  await terminal.waitForMessage('Demo3 asks to join')
  terminal.enter('!Demo3')
  await terminal.waitForMessage('Alan let Demo3 in.')
  await say('Demo', 'Demo3', 'Fine. I have just killed the second of five nodes, and the chat goes on 🎉')
  await say('Demo', 'Yunhua', '漢字 too: everything since the first message is here, also for newcomers.')
  await terminal.waitForMessage('also for newcomers')
  for (const text of ['The backup is through.', 'Node 4 is back.', 'All green.']) await say('ops', 'Yunhua', text)
  await terminal.waitFor('3 unread')
  terminal.send('So nobody owns this room, and nobody can read along')
  await terminal.waitFor('read along')
  return pictureOf(terminal, 'dark')
}

/** The room as it is after the scene. */
async function show(background: Background, columns: number): Promise<string> {
  writeFileSync(join(home, 'config.json'), JSON.stringify({ terminal: { theme: background } }))
  await using terminal = Terminal.start({
    program: conclave,
    args: ['--as', 'Alan', 'chat', 'Demo'],
    columns,
    rows: 24,
    env: { ...env, TZ: 'UTC' },
  })
  await terminal.waitForMessage('also for newcomers')
  await terminal.waitFor('3 unread')
  return pictureOf(terminal, background)
}

function pictureOf(terminal: Terminal, background: Background): string {
  const title = 'Conclave: a room in the terminal'
  return svgOf(terminal.emulator, { title, background, people: peopleColours, replace: fixed })
}

const peopleColours = { Alan: 'yellow', Yunhua: 'cyan', Demo2: 'green', Demo3: 'magenta', Demo4: 'blue' } as const

/** Replaces what differs between runs, at the same width. */
function fixed(text: string): string {
  return text
    .replace(/\b\d\d:\d\d\b/g, '14:02')
    .replace(/(─| )*── \w{3} \d{1,2} \w+ \d{4} ──/, (found) => '── Mon 23 November 2026 ──'.padStart(found.length))
    .replace(/(?:\d{4} ){5}\d{4}/g, '4821 7730 2206 9154 0387 6612')
}

try {
  const write = (name: string, picture: string): void => {
    const file = join(root, 'docs', name)
    writeFileSync(file, picture)
    process.stdout.write(`${file}\n`)
  }
  write('screenshot.svg', await play())
  for (const background of ['dark', 'light'] as const) {
    for (const columns of [80, 120]) {
      write(`terminal-${background}-${columns}.svg`, await show(background, columns))
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 3 })
}
