/** Runs the command line in the test's own process: the same code with its streams, environment and signals handed in. */
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { run } from '../../src/cli/run.ts'
import type { Patience } from '../../src/cli/session/patience.ts'
import { commands, invocation } from './commands.ts'

export { password, temporaryFolder } from './commands.ts'
export type { Line, Result, Running, Setting } from './commands.ts'

/** As bin/conclave starts Node: for commands that leave a process behind. */
const bundle = fileURLToPath(new URL('../../dist/conclave.js', import.meta.url))
const execArgv = ['--disable-warning=ExperimentalWarning', '--disable-warning=DEP0123']

/** A busy machine is waited for: only what never answers is given up soon. */
const patient: Patience = { storeMs: 60_000, queueMs: 60_000, readMs: 60_000, doctorMs: 60_000, agentMs: 60_000 }

/** For what never answers. */
export const impatient: Patience = { storeMs: 300, queueMs: 100, readMs: 300, doctorMs: 300, agentMs: 300 }

export const { conclave, done, start, people, room } = commands((args, setting) => {
  const { argv, env } = invocation(args, setting)
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signals = new EventEmitter()
  const exit = (code: number): never => {
    throw new Error(`exit(${code}) would end the test`)
  }
  const patience = { ...patient, ...setting.patience }
  const host = {
    stdin,
    stdout,
    stderr,
    env,
    execPath: process.execPath,
    execArgv,
    argv: ['', bundle],
    patience,
    exit,
    on: signals.on.bind(signals),
    off: signals.off.bind(signals),
  }
  const closed = run(argv, host).finally(() => {
    stdout.end()
    stderr.end()
  })
  // A command that still runs when its test is over ends with it, before its home is removed.
  onTestFinished(async () => {
    signals.emit('SIGTERM')
    await closed.catch(() => {})
  })
  return { stdin, stdout, stderr, closed, signal: (name) => void signals.emit(name) }
})
