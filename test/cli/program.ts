/** Runs the real program in processes of its own, as scripts do. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** Built before the tests begin. */
export const program = fileURLToPath(new URL('../../bin/conclave', import.meta.url))

/** Passes every check, and is nobody's. */
export const password = 'marmot-violin-pumice-84-ladder'

export interface Setting {
  readonly home?: string
  readonly as?: string
  readonly store?: string
  /** null: none is given. */
  readonly password?: string | null
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Without --json. */
  readonly human?: boolean
}

/** The fields of all that commands print; each line has its own. */
export interface Line {
  readonly i: number
  readonly seq: number
  readonly id: string
  readonly from: string
  readonly type: string
  readonly text: string
  readonly event: string
  readonly by: string
  readonly target: string
  readonly name: string
  readonly fingerprint: string
  readonly passphrase: string
  readonly recoveryCode: string
  readonly head: string
  readonly role: string
  readonly number: string
  readonly to: string
  readonly emoji: string
  readonly on: boolean
}

export interface ErrorLine {
  readonly error: string
  readonly message: string
  readonly hint: string
}

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Of stdout, where every line is JSON. */
  readonly lines: readonly Line[]
  /** The first of them; there must be one. */
  readonly first: Line
  /** Of stderr: the error with its code, message and hint. */
  readonly error: ErrorLine
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

export type Child = ChildProcessByStdio<Writable, Readable, Readable>

export function spawnConclave(args: readonly string[], setting: Setting = {}): Child {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    CONCLAVE_KDF: 'floor',
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
  }
  if (setting.home !== undefined) env['CONCLAVE_HOME'] = setting.home
  if (setting.store !== undefined) env['CONCLAVE_STORE'] = setting.store
  if (setting.as !== undefined) env['CONCLAVE_AS'] = setting.as
  if (setting.password !== null) env['CONCLAVE_PASSWORD'] = setting.password ?? password
  const json = setting.human ? [] : ['--json']
  const child = spawn(program, [...json, ...args], {
    env: { ...env, ...setting.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export async function conclave(args: readonly string[], setting: Setting = {}): Promise<Result> {
  const child = spawnConclave(args, setting)
  child.stdin.end(setting.input ?? '')
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return result(code, await stdout, await stderr, setting.human === true)
}

/** As `conclave`, where anything but success is the test's failure. */
export async function done(args: readonly string[], setting: Setting = {}): Promise<Result> {
  const outcome = await conclave(args, setting)
  if (outcome.code !== 0) throw new Error(`conclave ${args.join(' ')}: exit ${outcome.code}\n${outcome.stderr}`)
  return outcome
}

export interface Running {
  readonly child: Child
  /** The next line of stdout, as JSON. Waits for it. */
  next(): Promise<Line>
  /** The next one that fits; those before it are passed over. */
  find(fits: (line: Line) => boolean): Promise<Line>
  /** Resolves when the program has ended. */
  end(signal?: NodeJS.Signals): Promise<Result>
}

/** A command that goes on until it is ended. */
export function start(args: readonly string[], setting: Setting = {}): Running {
  const child = spawnConclave(args, setting)
  const stderr = collect(child.stderr)
  const closed = once(child, 'close') as Promise<[number | null]>
  const seen: string[] = []
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Line> => {
    const { value, done: over } = await lines.next()
    if (over) throw new Error(`conclave ${args.join(' ')} ended: ${await stderr}`)
    seen.push(value)
    return JSON.parse(value) as Line
  }
  return {
    child,
    next,
    async find(fits) {
      for (;;) {
        const line = await next()
        if (fits(line)) return line
      }
    },
    async end(signal) {
      if (signal) child.kill(signal)
      for (let rest = await lines.next(); !rest.done; rest = await lines.next()) seen.push(rest.value)
      const [code] = await closed
      return result(code, seen.map((line) => `${line}\n`).join(''), await stderr, false)
    },
  }
}

/** People who share a home, and so its store: each one signed up. */
export async function people(home: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await done(['signup', name], { home })
}

/** A room of `owner`'s that all the others were let into. */
export async function room(home: string, name: string, owner: string, ...others: readonly string[]): Promise<void> {
  await done(['create', name], { home, as: owner })
  for (const other of others) {
    const knock = await conclave(['join', name], { home, as: other })
    if (knock.code !== 3) throw new Error(`join: exit ${knock.code}\n${knock.stderr}`)
    await done(['accept', name, other], { home, as: owner })
    await done(['join', name], { home, as: other })
  }
}

function result(code: number | null, stdout: string, stderr: string, human: boolean): Result {
  return {
    code,
    stdout,
    stderr,
    get lines() {
      return human ? [] : (parse(stdout) as Line[])
    },
    get first() {
      const [line] = this.lines
      if (!line) throw new Error('nothing was printed')
      return line
    },
    get error() {
      return parse(stderr).at(-1) as ErrorLine
    },
  }
}

function parse(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
