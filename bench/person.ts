/** A person in a separate process, seen from outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

export const password = 'marmot-violin-pumice-84-ladder'

export type Order =
  | { readonly do: 'knock'; readonly room: string }
  /** Enters (after a request: once accepted) and reads the newest items. */
  | { readonly do: 'enter'; readonly room: string; readonly page: number }
  | { readonly do: 'say'; readonly text: string; readonly count: number }
  | { readonly do: 'kick' | 'accept'; readonly name: string }
  | { readonly do: 'rotate' | 'leave' | 'end' }
  /** Until there are so many members. */
  | { readonly do: 'await-members'; readonly count: number }

/** Measured while entering a room. */
export interface Entered {
  /** From the accept to the newest page, and to everything read and verified. */
  readonly pageMs: number
  readonly wholeMs: number
  readonly messages: number
  readonly members: number
  readonly items: number
  /** The longest time the event loop was blocked: a screen freezes as long. */
  readonly delayMaxMs: number
  readonly delayP99Ms: number
  readonly rssMiB: number
}

export interface Acted {
  readonly ms: number
  readonly rssMiB: number
  /** Acknowledged messages; fewer than requested if one was refused. */
  readonly sent?: number
}

export class Person {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  /** After signing up. */
  readonly recoveryCode: string

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, recoveryCode: string) {
    this.#child = child
    this.#lines = lines
    this.recoveryCode = recoveryCode
  }

  /** Signs up; with a recovery code, logs in on another machine. */
  static async start(place: Place, home: string, name: string, recoveryCode?: string): Promise<Person> {
    const program = fileURLToPath(new URL('./person-process.ts', import.meta.url))
    const flags = ['--disable-warning=ExperimentalWarning', ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? [])]
    const code = recoveryCode === undefined ? [] : [recoveryCode]
    const child = spawn(process.execPath, [...flags, program, place.url, place.home(home), name, ...code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await lines.next()
    if (first.done === true) throw new Error(`${name} did not get in`)
    return new Person(child, lines, (JSON.parse(first.value) as { recoveryCode: string }).recoveryCode)
  }

  enter(room: string, page = 100): Promise<Entered> {
    return this.#order<Entered>({ do: 'enter', room, page })
  }

  act(order: Exclude<Order, { do: 'enter' }>): Promise<Acted> {
    return this.#order<Acted>(order)
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.write(`${JSON.stringify({ do: 'end' })}\n`)
    await exited
  }

  async #order<T>(order: Order): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the process ended')
    return JSON.parse(value) as T
  }
}
