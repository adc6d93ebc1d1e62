/** What tests do with the program, whether it runs in a process of its own (program.ts) or in theirs (in-process.ts). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Patience } from '../../src/cli/session/patience.ts'

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
  /** How long what does not answer is waited for; only in the test's own process. Long, unless given. */
  readonly patience?: Partial<Patience>
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
  readonly headPhrase: string
  readonly comparedHead: string
  readonly records: number
  readonly ok: boolean
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

/** A run of the program that has begun. */
export interface Begun {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, once both outputs have ended; null after a signal that it did not handle. */
  readonly closed: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

export interface Running {
  readonly child: Begun
  /** The next line of stdout, as JSON. Waits for it. */
  next(): Promise<Line>
  /** The next one that fits; those before it are passed over. */
  find(fits: (line: Line) => boolean): Promise<Line>
  /** Resolves when the program has ended. */
  end(signal?: NodeJS.Signals): Promise<Result>
}

export interface Commands {
  conclave(args: readonly string[], setting?: Setting): Promise<Result>
  /** As `conclave`, where anything but success is the test's failure. */
  done(args: readonly string[], setting?: Setting): Promise<Result>
  /** A command that goes on until it is ended. */
  start(args: readonly string[], setting?: Setting): Running
  /** People who share a home, and so its store: each one signed up. */
  people(home: string, ...names: readonly string[]): Promise<void>
  /** A room of `owner`'s that all the others were let into. */
  room(home: string, name: string, owner: string, ...others: readonly string[]): Promise<void>
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** The arguments and the environment that a setting means. */
export function invocation(args: readonly string[], setting: Setting): { argv: string[]; env: Record<string, string> } {
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
  }
  if (setting.home !== undefined) env['CONCLAVE_HOME'] = setting.home
  if (setting.store !== undefined) env['CONCLAVE_STORE'] = setting.store
  if (setting.as !== undefined) env['CONCLAVE_AS'] = setting.as
  if (setting.password !== null) env['CONCLAVE_PASSWORD'] = setting.password ?? password
  return { argv: [...(setting.human ? [] : ['--json']), ...args], env: { ...env, ...setting.env } }
}

export function commands(begin: (args: readonly string[], setting: Setting) => Begun): Commands {
  const conclave: Commands['conclave'] = async (args, setting = {}) => {
    const run = begin(args, setting)
    run.stdin.end(setting.input ?? '')
    const [stdout, stderr] = [collect(run.stdout), collect(run.stderr)]
    const code = await run.closed
    return result(code, await stdout, await stderr, setting.human === true)
  }
  const done: Commands['done'] = async (args, setting = {}) => {
    const outcome = await conclave(args, setting)
    if (outcome.code !== 0) throw new Error(`conclave ${args.join(' ')}: exit ${outcome.code}\n${outcome.stderr}`)
    return outcome
  }
  return {
    conclave,
    done,
    start(args, setting = {}) {
      const child = begin(args, setting)
      const stderr = collect(child.stderr)
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
          if (signal) child.signal(signal)
          for (let rest = await lines.next(); !rest.done; rest = await lines.next()) seen.push(rest.value)
          const code = await child.closed
          return result(code, seen.map((line) => `${line}\n`).join(''), await stderr, false)
        },
      }
    },
    async people(home, ...names) {
      for (const name of names) await done(['signup', name], { home })
    },
    async room(home, name, owner, ...others) {
      await done(['create', name], { home, as: owner })
      for (const other of others) {
        const knock = await conclave(['join', name], { home, as: other })
        if (knock.code !== 3) throw new Error(`join: exit ${knock.code}\n${knock.stderr}`)
        await done(['accept', name, other, '--trust-name'], { home, as: owner })
        await done(['join', name], { home, as: other })
      }
    },
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
