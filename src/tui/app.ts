/**
 * The loop: events change the state, effects go to the session, the view goes to the terminal. A key paints at once;
 * other events at most every `frameMs`.
 */
import type { Accounts } from '../chat/accounts.ts'
import type { Chat } from '../chat/chat.ts'
import type { Input } from './input/key.ts'
import { Session } from './session.ts'
import type { Effect } from './state/effect.ts'
import type { Event } from './state/event.ts'
import type { State } from './state/state.ts'
import { update } from './state/update.ts'
import { Terminal } from './terminal/terminal.ts'
import { view } from './view/view.ts'

const frameMs = 33
const tickMs = 100
const lookAroundMs = 60_000
/** Keys held back while something takes a moment. */
const heldMax = 1000

interface AppParts {
  readonly accounts: Accounts
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly colours: boolean
}

export class App {
  readonly #session: Session
  readonly #terminal: Terminal
  readonly #ended = Promise.withResolvers<NodeJS.Signals | undefined>()
  #state: State
  #held: Input[] = []
  #paintedAt = 0
  #paintTimer: NodeJS.Timeout | undefined
  #tickTimer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined

  constructor(parts: AppParts, start: (terminal: Terminal) => State) {
    this.#session = new Session(parts.accounts, (event) => this.#outside(event))
    this.#terminal = new Terminal(parts.stdin, parts.stdout, parts.colours, {
      onInput: (inputs) => this.#input(inputs),
      onResize: (size) => {
        this.#dispatch({ kind: 'resize', size })
        this.#paint()
      },
      onReady: () => this.#paint(),
      onEnd: (signal) => this.#ended.resolve(signal),
    })
    this.#state = start(this.#terminal)
  }

  get state(): State {
    return this.#state
  }

  /** Resolves when the person quits, or with the signal that ended it; the terminal has been restored by then. */
  async run(effects: readonly Effect[], chat?: Chat): Promise<NodeJS.Signals | undefined> {
    this.#terminal.start()
    if (chat !== undefined) this.#session.enter(chat)
    this.#lookTimer = setInterval(() => this.#dispatch({ kind: 'look-around' }), lookAroundMs)
    this.#perform(effects)
    this.#paint()
    try {
      return await this.#ended.promise
    } finally {
      this.restore()
      await this.#session.close()
    }
  }

  /** Restores the terminal at once, whatever is going on. */
  restore(): void {
    clearTimeout(this.#paintTimer)
    clearInterval(this.#tickTimer)
    clearInterval(this.#lookTimer)
    this.#terminal.stop()
  }

  #input(inputs: readonly Input[]): void {
    for (const input of inputs) this.#take(input)
    this.#paint()
  }

  #take(input: Input): void {
    const urgent = input.kind === 'key' && (input.name === 'escape' || input.ctrl)
    if (this.#state.busy === undefined || urgent) {
      // Cancelling an operation also discards the keys typed ahead.
      this.#held = []
      this.#dispatch(input)
    } else if (this.#held.length < heldMax) this.#held.push(input)
  }

  /** An event that no key caused. */
  #outside(event: Event): void {
    this.#dispatch(event)
    while (this.#state.busy === undefined && this.#held.length > 0) {
      const input = this.#held.shift()
      if (input !== undefined) this.#dispatch(input)
    }
    this.#schedule()
  }

  #dispatch(event: Event): void {
    const { state, effects } = update(this.#state, event)
    this.#state = state
    this.#perform(effects)
    this.#tick()
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === 'quit') this.#ended.resolve(undefined)
      else if (effect.do === 'suspend') this.#terminal.suspend()
      else if (effect.do === 'redraw') this.#terminal.forget()
      else void this.#session.perform(effect)
    }
  }

  /** Ticks only while progress is shown. */
  #tick(): void {
    if (this.#state.busy === undefined) {
      clearInterval(this.#tickTimer)
      this.#tickTimer = undefined
    } else this.#tickTimer ??= setInterval(() => this.#outside({ kind: 'tick' }), tickMs)
  }

  #schedule(): void {
    if (this.#paintTimer !== undefined) return
    const wait = Math.max(0, this.#paintedAt + frameMs - performance.now())
    if (wait === 0) this.#paint()
    else this.#paintTimer = setTimeout(() => this.#paint(), wait)
  }

  #paint(): void {
    clearTimeout(this.#paintTimer)
    this.#paintTimer = undefined
    this.#paintedAt = performance.now()
    this.#terminal.draw(view(this.#state))
  }
}
