/**
 * The loop: events change the state, effects go to the session, the view goes to the terminal. A key paints at once;
 * other events at most every `frameMs`.
 */
import { Allowance } from '../base/allowance.ts'
import { systemClock } from '../base/clock.ts'
import { callsPerMinute } from '../base/limits.ts'
import type { Accounts } from '../chat/accounts.ts'
import type { NotifyStore } from '../chat/attention.ts'
import type { PreferencesStore } from '../chat/preferences.ts'
import type { RoomPlacesStore } from '../chat/room-places.ts'
import type { Chat } from '../chat/chat.ts'
import type { Sent } from './input/key.ts'
import { Session } from './session.ts'
import type { Effect } from './state/effect.ts'
import type { Event } from './state/event.ts'
import type { State } from './state/state.ts'
import { update } from './state/update.ts'
import type { Abilities } from './terminal/abilities.ts'
import { editOutside } from './terminal/outside-editor.ts'
import { Terminal } from './terminal/terminal.ts'
import type { Signals } from './terminal/signals.ts'
import { isBare } from './view/chat-layout.ts'
import { pointed, recent, type Drawn } from './view/hit.ts'
import { titleOf, view } from './view/view.ts'

const frameMs = 33
const tickMs = 100
const lookAroundMs = 60_000

interface AppParts {
  readonly accounts: Accounts
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly abilities: Abilities
  readonly signals: Signals
  readonly notify: NotifyStore | undefined
  readonly env: NodeJS.ProcessEnv
  readonly places: RoomPlacesStore | undefined
  readonly preferences: PreferencesStore | undefined
}

export class App {
  readonly #session: Session
  readonly #terminal: Terminal
  readonly #ended = Promise.withResolvers<NodeJS.Signals | undefined>()
  #state: State
  readonly #env: NodeJS.ProcessEnv
  readonly #ending = new AbortController()
  #editing: Promise<void> | undefined
  readonly #calls = new Allowance(systemClock, callsPerMinute)
  #paintedAt = 0
  /** The last screens: what the mouse points at. */
  #drawn: readonly Drawn[] = []
  /** The question before which all input is being read, and the one before which it was. */
  #reading = 0
  #readBefore = 0
  #paintTimer: NodeJS.Timeout | undefined
  #tickTimer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined

  constructor(parts: AppParts, start: (terminal: Terminal) => State) {
    this.#env = parts.env
    this.#session = new Session(parts.accounts, (event) => this.#outside(event), parts)
    this.#terminal = new Terminal(parts, {
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
      // What the editor has saved is kept with the drafts.
      this.#ending.abort()
      await this.#editing
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

  #input(inputs: readonly Sent[]): void {
    // A click that brought the window to the front was not meant for what is in it.
    const isFocusing = inputs.some((input) => input.kind === 'focus' && input.focused)
    for (const input of inputs) {
      const event = input.kind === 'mouse' ? pointed(input, this.#drawn, performance.now()) : input
      if (event !== undefined && !(isFocusing && event.kind === 'click')) this.#dispatch(event)
    }
    this.#paint()
  }

  /** An event that no key caused. */
  #outside(event: Event): void {
    this.#dispatch(event)
    this.#schedule()
  }

  #dispatch(event: Event): void {
    const { state, effects } = update(withTime(this.#state), event)
    this.#state = state
    this.#session.drafts.watch(state)
    this.#perform(effects)
    this.#tick()
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === 'quit') this.#ended.resolve(undefined)
      else if (effect.do === 'suspend') this.#terminal.suspend()
      else if (effect.do === 'redraw') this.#terminal.forget()
      else if (effect.do === 'call') this.#call(effect.text)
      else if (effect.do === 'copy') this.#copy(effect)
      else if (effect.do === 'edit-outside') this.#editing = this.#editOutside(effect)
      else void this.#session.perform(effect)
    }
  }

  #copy({ what, text }: Effect & { do: 'copy' }): void {
    this.#outside({ kind: 'copied', what, isTold: this.#terminal.copy(text) })
  }

  async #editOutside({ roomId, text }: Effect & { do: 'edit-outside' }): Promise<void> {
    const edited = await this.#terminal.lend(() => editOutside(text, this.#env, this.#ending.signal))
    this.#outside({ kind: 'edited-outside', roomId, edited })
  }

  /** Others can't make it ring without end. */
  #call(text: string | undefined): void {
    if (this.#calls.take() > 0) this.#terminal.call(text)
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
    const { asked, drawn } = this.#state
    if (asked !== drawn && asked !== this.#readBefore) return this.#readFirst(asked)
    this.#paintedAt = performance.now()
    const frame = view(this.#state)
    const isDrawn = this.#terminal.draw(frame, this.#state.preferences.theme)
    if (isDrawn) this.#drawn = [...recent(this.#drawn, this.#paintedAt), { frame, at: this.#paintedAt }]
    this.#terminal.setTitle(titleOf(this.#state))
    this.#terminal.setMouse(this.#state.preferences.mouse && !isBare(this.#state))
    if (isDrawn && asked !== drawn) this.#dispatch({ kind: 'drawn', asked })
  }

  /**
   * A question is drawn once all that was typed before has been read: the second turn of the event loop comes after a
   * whole round of input.
   */
  #readFirst(asked: number): void {
    if (this.#reading === asked) return
    this.#reading = asked
    setImmediate(() =>
      setImmediate(() => {
        this.#readBefore = asked
        this.#paint()
      }),
    )
  }
}

const minuteMs = 60_000

/** To the minute: nothing that is shown needs more. */
function withTime(state: State): State {
  const now = Math.floor(Date.now() / minuteMs) * minuteMs
  return now === state.now ? state : { ...state, now }
}
