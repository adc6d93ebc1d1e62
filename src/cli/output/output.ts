/**
 * Everything that a command prints.
 *
 * With --json every line on stdout is one object, and an error is one object on stderr. For people the same facts are
 * printed as text, sanitized here: control characters, escape sequences and bidirectional overrides appear as visible
 * marks. A reader that went away (`| head`) is not an error: `gone` is aborted, and later results are dropped.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { ConclaveError } from '../../base/errors.ts'
import { sanitize } from '../../tui/sanitize.ts'

export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/**
 * JSON.stringify escapes only the C0 control characters. These remain, and some terminals act on them: DEL and the C1
 * controls (U+009B begins an escape sequence), bidirectional overrides and marks, line and paragraph separators.
 */
const active = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** One line of JSON that is safe on a terminal too. */
export function jsonLine(object: JsonObject): string {
  return JSON.stringify(object).replace(active, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export interface Streams {
  readonly stdout: Writable
  readonly stderr: Writable
}

export class Output {
  readonly json: boolean
  readonly #stdout: Writable
  readonly #stderr: Writable
  readonly #gone = new AbortController()

  constructor({ stdout, stderr }: Streams, json: boolean) {
    this.json = json
    this.#stdout = stdout
    this.#stderr = stderr
    // On a pipe without a reader a write fails later, as an event: unhandled, it would end the program with a stack
    // trace.
    this.#stdout.on('error', (error) => this.#gone.abort(error))
    this.#stderr.on('error', () => {})
  }

  /** Of the terminal that stdout is, if it is one. */
  readonly columns = (): number | undefined => (this.#stdout as Partial<WriteStream>).columns

  /** Aborted once no one reads stdout any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /**
   * One result: an object for scripts, text (one or more lines, or none) for people. Resolves when there is room for
   * more.
   */
  async print(object: JsonObject, text: string): Promise<void> {
    if (this.json) await this.#write(`${jsonLine(object)}\n`)
    else if (text !== '') await this.#write(`${sanitize(text)}\n`)
  }

  /**
   * Like `print`, for what must not be lost: resolves once it was handed over. @throws unexpected when no one reads it
   */
  async deliver(object: JsonObject, text: string): Promise<void> {
    const line = this.json ? jsonLine(object) : sanitize(text)
    const failure = await new Promise<unknown>((resolve) => {
      if (this.gone.aborted) resolve(this.gone.reason)
      else this.#stdout.write(`${line}\n`, (error) => resolve(error ?? undefined))
    })
    if (failure === undefined) return
    throw new ConclaveError('unexpected', 'Nobody reads the output, so nothing was done', { cause: failure })
  }

  /** Rows of a list: an object each for scripts, one text for people. */
  async list(objects: readonly JsonObject[], text: string): Promise<void> {
    if (!this.json) await this.text(text)
    else for (const object of objects) await this.print(object, '')
  }

  /** For people only: headings around the results. */
  async text(text: string): Promise<void> {
    if (!this.json) await this.#write(`${sanitize(text)}\n`)
  }

  /** Text in a format of its own, sanitized by its writer. */
  raw(text: string): Promise<void> {
    return this.#write(text)
  }

  /** A remark beside the results, for people only. */
  note(text: string): void {
    if (!this.json) this.#stderr.write(`${sanitize(text)}\n`)
  }

  fail(error: unknown): void {
    const { code, message, hint } = describeError(error)
    if (this.json) this.#stderr.write(`${jsonLine({ error: code, message, hint })}\n`)
    else
      this.#stderr.write(
        `conclave: ${indent(sanitize(message)).trimStart()}\n${hint === '' ? '' : `${indent(sanitize(hint))}\n`}`,
      )
  }

  async #write(text: string): Promise<void> {
    if (this.gone.aborted || this.#stdout.write(text)) return
    // Rejects if the stream has failed, or fails before this is done.
    await once(this.#stdout, 'drain', { signal: this.gone }).catch(() => {})
  }
}

export function describeError(error: unknown): {
  readonly code: string
  readonly message: string
  readonly hint: string
} {
  if (error instanceof ConclaveError) return { code: error.code, message: error.message, hint: error.hint ?? '' }
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'unexpected',
    message: `Unexpected error: ${message}`,
    hint: 'This is a bug in Conclave. Run the command again with CONCLAVE_LOG=conclave.log and report the log: it has no texts and no keys.',
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
