/** A person at a pseudo-terminal in front of the real program. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import type { TerminalOptions } from './terminal.ts'
import { keys, Terminal } from './terminal.ts'

export const conclave = fileURLToPath(new URL('../../bin/conclave', import.meta.url))

/** A home of the test's own, gone with it. */
export function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-terminal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

export function start(folder: string, options: Partial<TerminalOptions> = {}): Terminal {
  const env = {
    CONCLAVE_HOME: folder,
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
    ...options.env,
  }
  const terminal = Terminal.start({ program: conclave, ...options, env })
  onTestFinished(() => terminal[Symbol.asyncDispose]())
  return terminal
}

/** Signs up under this name with the suggested passphrase, as far as the list of rooms. Resolves with the passphrase. */
export async function signUp(terminal: Terminal, name: string): Promise<string> {
  await terminal.waitFor('name >')
  terminal.enter(name)
  await terminal.waitFor(`Sign up as ${name}`)
  terminal.send(keys.enter)
  const passphrase = await takePassphrase(terminal)
  await terminal.waitFor('Enter: open')
  return passphrase
}

/** Takes the suggested passphrase, and gives the word back that is asked for. Resolves with the passphrase. */
export async function takePassphrase(terminal: Terminal): Promise<string> {
  const screen = await terminal.waitFor('this is your passphrase')
  const passphrase = screen.join('\n').match(/[a-z]+(?:-[a-z]+){5}/)?.[0] ?? ''
  terminal.send(keys.enter)
  terminal.enter(await asked(terminal, /word (\d) >/, passphrase))
  return passphrase
}

/** The part of what was to be written down that the screen asks for. */
export async function asked(terminal: Terminal, prompt: RegExp, secret: string): Promise<string> {
  const screen = await terminal.waitFor(prompt)
  return secret.split('-')[Number(prompt.exec(screen.join('\n'))?.[1]) - 1] ?? ''
}

/**
 * As the shell would find it: no alternate screen, a cursor, no bracketed paste, no reports of focus or mouse, wrapping on, its
 * keyboard and title.
 */
export function expectRestored(terminal: Terminal): void {
  const { modes } = terminal.emulator
  expect(terminal.alternate).toBe(false)
  expect(modes.bracketedPasteMode).toBe(false)
  expect(modes.wraparoundMode).toBe(true)
  expect(modes.sendFocusMode).toBe(false)
  expect(modes.mouseTrackingMode).toBe('none')
  expect(terminal.output.lastIndexOf('\x1b[?1006l')).toBeGreaterThanOrEqual(terminal.output.lastIndexOf('\x1b[?1006h'))
  expect(count(terminal.output, '\x1b[>5u')).toBe(count(terminal.output, '\x1b[<u'))
  expect(count(terminal.output, '\x1b[22;0t')).toBe(count(terminal.output, '\x1b[23;0t'))
  expect(terminal.output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.output.lastIndexOf('\x1b[?25l'))
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}
