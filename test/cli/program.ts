/** Runs the real program in processes of its own, as scripts do: for exit codes, signals, pipes and kills. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { commands, invocation, type Setting } from './commands.ts'

export { password, temporaryFolder } from './commands.ts'
export type { ErrorLine, Line, Result, Running, Setting } from './commands.ts'

/** Built before the tests begin. */
export const program = fileURLToPath(new URL('../../bin/conclave', import.meta.url))

export type Child = ChildProcessByStdio<Writable, Readable, Readable>

export function spawnConclave(args: readonly string[], setting: Setting = {}): Child {
  const { argv, env } = invocation(args, setting)
  const child = spawn(program, argv, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {})
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export const { conclave, done, start, people, room } = commands((args, setting) => {
  const child = spawnConclave(args, setting)
  const { stdin, stdout, stderr } = child
  const closed = once(child, 'close').then(([code]) => code as number | null)
  return { stdin, stdout, stderr, closed, signal: (name) => void child.kill(name) }
})
