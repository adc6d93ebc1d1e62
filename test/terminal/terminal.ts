/**
 * A program in a real pseudo-terminal, and the screen that it draws: what a person would see and type.
 *
 * Waiting polls the screen after every piece of output; the time limit ends what hangs and shows the screen that it
 * hung on.
 */
import pty from '@lydell/node-pty'
import type { IPty } from '@lydell/node-pty'
import headless from '@xterm/headless'
import { UnicodeGraphemesAddon } from './graphemes.ts'

export interface TerminalOptions {
  readonly program: string
  readonly args?: readonly string[]
  readonly columns?: number
  readonly rows?: number
  readonly cwd?: string
  /** On top of PATH, HOME and LANG; nothing else is inherited, so that no setting of this machine changes a test. */
  readonly env?: Readonly<Record<string, string>>
}

export type Wanted = string | RegExp | ((screen: readonly string[]) => boolean)

const limitMs = 90_000

/** What a terminal sends for these keys. */
export const keys = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  backTab: '\x1b[Z',
  backspace: '\x7f',
  up: '\x1b[A',
  shiftUp: '\x1b[1;2A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
  altEnd: '\x1b[1;3F',
  altHome: '\x1b[1;3H',
  altEnter: '\x1b\r',
  /** Finding a room, and from there all of them. */
  allRooms: '\x1bk\x1bk',
  alt: (character: string): string => `\x1b${character}`,
  ctrl: (letter: string): string => String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f),
  paste: (text: string): string => `\x1b[200~${text}\x1b[201~`,
} as const

/** What it sends of the mouse, with SGR coordinates, for a cell counted from 0. */
export const mouse = {
  click: (row: number, column: number): string => `\x1b[<0;${column + 1};${row + 1}M\x1b[<0;${column + 1};${row + 1}m`,
  wheelUp: (row: number, column: number): string => `\x1b[<64;${column + 1};${row + 1}M`,
  wheelDown: (row: number, column: number): string => `\x1b[<65;${column + 1};${row + 1}M`,
} as const

export class Terminal implements AsyncDisposable {
  readonly #pty: IPty
  readonly #screen: headless.Terminal
  readonly #exited: Promise<{ code: number; signal: number }>
  /** Everything that the program wrote, for a look at its bytes. */
  #output = ''
  /** Whether the pty takes input. */
  #open = true
  #alive = true
  readonly #waiting = new Set<() => void>()

  private constructor(options: TerminalOptions) {
    const { columns = 80, rows = 24 } = options
    this.#screen = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 })
    this.#screen.loadAddon(new UnicodeGraphemesAddon())
    this.#pty = pty.spawn(options.program, [...(options.args ?? [])], {
      // It decides about TERM, whatever the environment says.
      name: options.env?.['TERM'] ?? 'xterm-256color',
      cols: columns,
      rows,
      cwd: options.cwd ?? process.cwd(),
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        LANG: 'C.UTF-8',
        ...options.env,
      },
    })
    this.#pty.onData((data) => {
      this.#output += data
      this.#screen.write(data, () => this.#look())
    })
    // What the terminal answers (its cursor's position, its kind) goes back, as a real one does it.
    this.#screen.onData((data) => {
      if (this.#open) this.#pty.write(data)
    })
    this.#exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        this.#open = false
        // Output that came with the end is on the screen before anybody is told of it.
        this.#screen.write('', () => {
          this.#alive = false
          resolve({ code: exitCode, signal: signal ?? 0 })
          this.#look()
        })
      })
    })
  }

  static start(options: TerminalOptions): Terminal {
    return new Terminal(options)
  }

  get pid(): number {
    return this.#pty.pid
  }

  get output(): string {
    return this.#output
  }

  /** Whether the program has the alternate screen. */
  get alternate(): boolean {
    return this.#screen.buffer.active.type === 'alternate'
  }

  get cursor(): { readonly row: number; readonly column: number } {
    const { cursorX, cursorY } = this.#screen.buffer.active
    return { row: cursorY, column: cursorX }
  }

  /** The emulator itself: its cells and modes. */
  get emulator(): headless.Terminal {
    return this.#screen
  }

  /** The lines that are on the screen now, without the spaces at their ends. */
  screen(): readonly string[] {
    const { active } = this.#screen.buffer
    return Array.from({ length: this.#screen.rows }, (_, row) => {
      return (
        active
          .getLine(active.baseY + row)
          ?.translateToString(true, 0, this.#screen.cols)
          .trimEnd() ?? ''
      )
    })
  }

  text(): string {
    return this.screen().join('\n')
  }

  /**
   * The messages of the chat page as they were before they were wrapped: `14:02 Alan │ How is everyone doing?`, one a
   * line of text. Panels beside them are left out.
   */
  messages(): readonly string[] {
    const { active } = this.#screen.buffer
    // The rule under the topic has a joint above each edge of the pane in the middle.
    const rule = this.screen()[1] ?? ''
    const joints = Array.from(rule.matchAll(/┬/g), (match) => match.index)
    const left = joints.find((joint) => joint < rule.length / 2)
    const right = joints.find((joint) => joint > rule.length / 2)
    const found: string[] = []
    for (let row = 0; row < this.#screen.rows; row += 1) {
      const line = active.getLine(active.baseY + row)
      const pane = line?.translateToString(false, left === undefined ? 0 : left + 1, right ?? this.#screen.cols) ?? ''
      // Below 60 columns, no spaces are around the bar.
      const entry = /^ (\d\d:\d\d| {5}) +([^\s│·]*) ?([│·]) ?(.*)$/.exec(pane)
      if (entry === null) continue
      const [, time = '', name = '', bar = '', text = ''] = entry
      if (time.trim() === '' && name === '' && found.length > 0) found[found.length - 1] += ` ${text.trim()}`
      else found.push(`${time.trim()} ${name} ${bar} ${text.trimEnd()}`.trimStart())
    }
    return found
  }

  send(input: string): void {
    this.#pty.write(input)
  }

  /** Types, and presses Enter. */
  enter(text: string): void {
    this.send(`${text}\r`)
  }

  /** Resolves with the screen as soon as it shows what is wanted. */
  async waitFor(wanted: Wanted, timeoutMs = limitMs): Promise<readonly string[]> {
    const shows = (): boolean => {
      const screen = this.screen()
      if (typeof wanted === 'function') return wanted(screen)
      const text = screen.join('\n')
      return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
    }
    await this.#until(shows, timeoutMs, String(wanted))
    return this.screen()
  }

  /** Resolves as soon as a message of the chat page, put together from its lines, contains the text. */
  async waitForMessage(wanted: string | RegExp, timeoutMs = limitMs): Promise<string> {
    const find = (): string | undefined =>
      this.messages().find((message) => (typeof wanted === 'string' ? message.includes(wanted) : wanted.test(message)))
    await this.#until(() => find() !== undefined, timeoutMs, `a message with ${String(wanted)}`)
    return find() ?? ''
  }

  /** Resolves as soon as the program has written this: what no screen shows. */
  async waitForOutput(wanted: string | RegExp, timeoutMs = limitMs): Promise<void> {
    const isThere = (): boolean =>
      typeof wanted === 'string' ? this.#output.includes(wanted) : wanted.test(this.#output)
    await this.#until(isThere, timeoutMs, `the output ${JSON.stringify(String(wanted))}`)
  }

  async waitUntilGone(text: string, timeoutMs = limitMs): Promise<void> {
    await this.#until(() => !this.text().includes(text), timeoutMs, `no more ${text}`)
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#open) process.kill(this.#pty.pid, signal)
  }

  /** Resolves when the program has ended. */
  async exit(timeoutMs = limitMs): Promise<{ readonly code: number; readonly signal: number }> {
    await this.#until(() => !this.#alive, timeoutMs, 'the end of the program')
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#alive) {
      this.kill('SIGKILL')
      await this.#exited
    }
    this.#screen.dispose()
  }

  async #until(reached: () => boolean, timeoutMs: number, wanted: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const look = (): void => {
        if (reached()) {
          done()
          resolve()
        } else if (!this.#alive) {
          done()
          reject(new Error(`the program ended while the test waited for ${wanted}; its screen:\n${this.text()}`))
        }
      }
      const timer = setTimeout(() => {
        done()
        reject(new Error(`${wanted} did not appear within ${timeoutMs} ms; the screen:\n${this.text()}`))
      }, timeoutMs)
      this.#waiting.add(look)
      look()
    })
  }

  #look(): void {
    for (const look of [...this.#waiting]) look()
  }
}
