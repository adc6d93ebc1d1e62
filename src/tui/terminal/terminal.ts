/**
 * The terminal itself: raw input, the alternate screen, signals. It is always restored: on quit, on a signal, on a
 * crash, and while in the background.
 */
import type { Theme } from '../../chat/preferences.ts'
import type { Answer } from '../input/answers.ts'
import type { Sent } from '../input/key.ts'
import type { KeyDecoder } from '../input/keys.ts'
import { decodeKeys, flushKeys, idleKeyDecoder } from '../input/keys.ts'
import type { Size } from '../state/state.ts'
import type { Frame } from '../view/frame.ts'
import type { Abilities } from './abilities.ts'
import type { Painted } from './paint.ts'
import { nothingPainted, paint } from './paint.ts'
import { bell, type Signals } from './signals.ts'

/** How long a possible start of a sequence waits for the rest; then it was the Escape key. */
const escapeWaitMs = 50
/** While the terminal answers: its answers may come in pieces. */
const answerPieceMs = 500
/** The stop signal has arrived by then; what runs afterwards runs in the foreground again. */
const stopWaitMs = 50

// Presses of buttons, with SGR coordinates.
const mouseOn = '\x1b[?1000h\x1b[?1006h'
const mouseOff = '\x1b[?1006l\x1b[?1000l'
// Alternate screen; no wrapping at the right edge; bracketed paste; reports of focus.
const takeOver = '\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1004h\x1b[2J'
const giveBack = `\x1b[?2026l\x1b[0m${mouseOff}\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l`

interface TerminalEvents {
  readonly onInput: (inputs: readonly Sent[]) => void
  readonly onResize: (size: Size) => void
  /** There is room for output again after `draw` was refused, or the screen has to be redrawn. */
  readonly onReady: () => void
  /** The terminal went away, or a signal asks the program to end. */
  readonly onEnd: (signal: NodeJS.Signals) => void
}

export interface TerminalParts {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly abilities: Abilities
  readonly signals: Signals
}

export class Terminal {
  readonly #stdin: NodeJS.ReadStream
  readonly #stdout: NodeJS.WriteStream
  readonly #events: TerminalEvents
  readonly #abilities: Abilities
  readonly #signals: Signals
  #title = ''
  #mouse = false
  #decoder: KeyDecoder = idleKeyDecoder
  #escapeTimer: NodeJS.Timeout | undefined
  #painted: Painted = nothingPainted
  #blocked = false
  #taken = false
  /** To another program. */
  #lent = false
  readonly #unlisten: (() => void)[] = []
  readonly #onStop = (): void => this.suspend()
  #stopped = false

  constructor({ stdin, stdout, abilities, signals }: TerminalParts, events: TerminalEvents) {
    this.#stdin = stdin
    this.#stdout = stdout
    this.#abilities = abilities
    this.#signals = signals
    this.#events = events
  }

  get size(): Size {
    // A terminal that doesn't know its size says 0.
    return { columns: Math.max(20, this.#stdout.columns || 80), rows: Math.max(5, this.#stdout.rows || 24) }
  }

  /** Takes the screen and listens. */
  start(): void {
    this.#take()
    this.#stdout.write(this.#abilities.ask(performance.now()))
    this.#stdin.setEncoding('utf8')
    this.#listen(this.#stdin, 'data', (chunk) => this.#read(String(chunk)))
    this.#listen(this.#stdin, 'end', () => this.#events.onEnd('SIGHUP'))
    this.#listen(this.#stdin, 'error', () => this.#events.onEnd('SIGHUP'))
    this.#listen(this.#stdout, 'error', () => this.#events.onEnd('SIGHUP'))
    this.#listen(this.#stdout, 'resize', () => {
      this.#painted = nothingPainted
      this.#events.onResize(this.size)
    })
    this.#listen(this.#stdout, 'drain', () => {
      this.#blocked = false
      this.#events.onReady()
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      this.#listen(process, signal, () => {
        // Ctrl-C is meant for the program that has the terminal.
        if (!this.#lent || signal !== 'SIGINT') this.#events.onEnd(signal)
      })
    }
    this.#listen(process, 'SIGTSTP', this.#onStop)
    this.#listen(process, 'SIGCONT', () => this.#resume())
    this.#stdin.resume()
  }

  /** Whether the frame is on the screen; otherwise output is still pending, and `onReady` says when to try again. */
  draw(frame: Frame, theme: Theme): boolean {
    if (!this.#taken || this.#blocked) return false
    const { painted, output } = paint(this.#painted, frame, this.#abilities.palette(theme), {
      links: this.#signals.isModern,
      clusters: this.#signals.joinsClusters,
    })
    this.#painted = painted
    this.#write(output)
    return !this.#blocked
  }

  setTitle(title: string): void {
    if (!this.#taken || this.#blocked || title === this.#title) return
    this.#title = title
    this.#write(this.#signals.title(title))
  }

  /** Takes the mouse, or leaves it to the terminal. */
  setMouse(wanted: boolean): void {
    const taken = wanted && this.#signals.hasMouse
    if (!this.#taken || this.#blocked || taken === this.#mouse) return
    this.#mouse = taken
    this.#write(taken ? mouseOn : mouseOff)
  }

  /** Calls for the person; with a text, also by a notification of the desktop. */
  call(text: string | undefined): void {
    if (!this.#taken || this.#blocked) return
    this.#write(bell + (text === undefined ? '' : this.#signals.notification('Conclave', text)))
  }

  /** @returns whether the terminal was told */
  copy(text: string): boolean {
    const sequence = this.#signals.copy(text)
    if (!this.#taken || this.#blocked || sequence === '') return false
    this.#write(sequence)
    return true
  }

  #write(output: string): void {
    if (output !== '') this.#blocked = !this.#stdout.write(output)
  }

  /** The next frame is drawn as if the screen were empty. */
  forget(): void {
    this.#painted = nothingPainted
  }

  /**
   * Suspends, as Ctrl-Z does everywhere. The system's own stop signal does it, without a handler: it knows when there
   * is no shell to return to, and then nothing stops.
   */
  suspend(): void {
    if (!this.#taken) return
    this.#release()
    process.off('SIGTSTP', this.#onStop)
    process.kill(0, 'SIGTSTP')
    setTimeout(() => {
      if (this.#stopped) return
      process.on('SIGTSTP', this.#onStop)
      this.#resume()
    }, stopWaitMs)
  }

  /** Gives the terminal to another program until `work` resolves; both stop and go on together. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#release()
    this.#lent = true
    this.#stdin.pause()
    process.off('SIGTSTP', this.#onStop)
    try {
      return await work()
    } finally {
      this.#lent = false
      if (!this.#stopped) {
        process.on('SIGTSTP', this.#onStop)
        this.#stdin.resume()
        this.#resume()
      }
    }
  }

  /** Restores everything; may be called twice. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#escapeTimer)
    for (const unlisten of this.#unlisten.splice(0)) unlisten()
    this.#release()
    this.#stdin.pause()
    // A reader that goes away later is not a crash.
    this.#stdout.on('error', () => undefined)
  }

  #read(chunk: string): void {
    clearTimeout(this.#escapeTimer)
    const { decoder, inputs, answers } = decodeKeys(this.#decoder, chunk)
    this.#decoder = decoder
    if (answers.length > 0) this.#hear(answers)
    if (decoder.held !== '' && !decoder.pasting) {
      const wait = this.#abilities.isAnswering(performance.now()) ? answerPieceMs : escapeWaitMs
      this.#escapeTimer = setTimeout(() => {
        const flushed = flushKeys(this.#decoder)
        this.#decoder = flushed.decoder
        if (flushed.inputs.length > 0) this.#events.onInput(flushed.inputs)
      }, wait)
    }
    if (inputs.length > 0) this.#events.onInput(inputs)
  }

  #hear(answers: readonly Answer[]): void {
    const before = this.#abilities.begin
    for (const answer of answers) this.#abilities.hear(answer)
    const { begin } = this.#abilities
    if (this.#taken && begin !== before) this.#write(begin.replace(before, ''))
    this.#events.onReady()
  }

  #take(): void {
    this.#taken = true
    this.#painted = nothingPainted
    this.#stdin.setRawMode(true)
    this.#title = ''
    this.#mouse = false
    this.#stdout.write(this.#signals.begin + takeOver + this.#abilities.begin)
  }

  #release(): void {
    if (!this.#taken) return
    this.#taken = false
    try {
      this.#stdin.setRawMode(false)
      this.#stdout.write(this.#abilities.end + giveBack + this.#signals.end)
    } catch {
      // The terminal is gone: there is nothing to restore.
    }
  }

  #resume(): void {
    if (this.#taken || this.#lent || this.#stopped) return
    this.#take()
    this.#events.onResize(this.size)
  }

  #listen(emitter: NodeJS.EventEmitter, event: string, listener: (...args: unknown[]) => void): void {
    emitter.on(event, listener)
    this.#unlisten.push(() => emitter.off(event, listener))
  }
}
