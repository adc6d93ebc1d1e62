/**
 * Everything that a command prints.
 *
 * With --json every line on stdout is one object, and an error is one object on stderr. For people the same facts come
 * as text, and whatever others wrote in it is made harmless here, in one place: control characters, escape sequences
 * and bidirectional overrides appear as visible marks. A reader that went away (`| head`) is no error: `gone` is
 * aborted, and what is printed afterwards is dropped.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { ConclaveError } from '../base/errors.ts'
import { sanitize } from '../tui/sanitize.ts'
import { jsonLine } from './json.ts'
import type { JsonObject } from './json.ts'

export interface Streams {
  readonly stdout: Writable
  readonly stderr: Writable
}

export class Output {
  readonly json: boolean
  readonly #stdout: Writable
  readonly #stderr: Writable
  readonly #gone = new AbortController()

  constructor(streams: Streams, json: boolean) {
    this.json = json
    this.#stdout = streams.stdout
    this.#stderr = streams.stderr
    // On a pipe without a reader a write fails later, as an event: unheard it would end the program with a stack trace.
    this.#stdout.on('error', (error) => this.#gone.abort(error))
    this.#stderr.on('error', () => {})
  }

  /** Aborted once nobody reads stdout any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** One result: an object for scripts, text (of one or more lines, or none) for people. Resolves when there is room for more. */
  async print(object: JsonObject, text: string): Promise<void> {
    if (this.json) await this.#write(`${jsonLine(object)}\n`)
    else if (text !== '') await this.#write(`${sanitize(text)}\n`)
  }

  /**
   * As `print`, of what must not be lost: resolves once it has been handed over. @throws unexpected when nobody takes it
   */
  async deliver(object: JsonObject, text: string): Promise<void> {
    const line = this.json ? jsonLine(object) : sanitize(text)
    const failure = await new Promise<unknown>((resolve) => {
      if (this.gone.aborted) resolve(this.gone.reason)
      else this.#stdout.write(`${line}\n`, (error) => resolve(error ?? undefined))
    })
    if (failure === undefined) return
    throw new ConclaveError('unexpected', 'nobody takes the output, so nothing was done', { cause: failure })
  }

  /** For people alone: what frames the results. */
  async text(text: string): Promise<void> {
    if (!this.json) await this.#write(`${sanitize(text)}\n`)
  }

  /** Of a text that is harmless as it is: a format of its own. */
  raw(text: string): Promise<void> {
    return this.#write(text)
  }

  /** A remark beside the results, for people alone. */
  note(text: string): void {
    if (!this.json) this.#stderr.write(`${sanitize(text)}\n`)
  }

  fail(error: unknown): void {
    const { code, message, hint } = describeError(error)
    if (this.json) this.#stderr.write(`${jsonLine({ error: code, message, hint })}\n`)
    else this.#stderr.write(`conclave: ${sanitize(message)}\n${hint === '' ? '' : `${indent(sanitize(hint))}\n`}`)
  }

  async #write(text: string): Promise<void> {
    if (this.gone.aborted || this.#stdout.write(text)) return
    // Rejects when the stream fails meanwhile, or has already.
    await once(this.#stdout, 'drain', { signal: this.gone }).catch(() => {})
  }
}

export interface ErrorDescription {
  readonly code: string
  readonly message: string
  readonly hint: string
}

export function describeError(error: unknown): ErrorDescription {
  if (error instanceof ConclaveError) return { code: error.code, message: error.message, hint: error.hint ?? '' }
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'unexpected',
    message: `unexpected error: ${message}`,
    hint: 'This is a defect of Conclave. CONCLAVE_LOG=conclave.log and the same command again writes a log (no texts, no keys) worth reporting.',
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
