/**
 * The bytes by which a terminal calls for its person: title, bell, desktop notification. Pure; which notification a
 * terminal understands is read from its environment. Texts are cut to printable characters, so that none ends or begins
 * a sequence.
 */
import { stripVTControlCharacters } from 'node:util'

export const bell = '\x07'
/** Keeps the title that the terminal has, and brings it back (xterm's title stack). */
export const pushTitle = '\x1b[22;0t'
export const popTitle = '\x1b[23;0t'

const end = '\x1b\\'
const textCharsMax = 200

type Protocol = 'osc9' | 'osc99' | 'osc777' | 'none'

/** Terminals that name themselves by a variable, also inside tmux, which has its own TERM and TERM_PROGRAM. */
const byVariable: readonly (readonly [string, Protocol])[] = [
  ['KITTY_WINDOW_ID', 'osc99'],
  ['GHOSTTY_RESOURCES_DIR', 'osc777'],
  ['WEZTERM_PANE', 'osc9'],
  ['ITERM_SESSION_ID', 'osc9'],
  ['WT_SESSION', 'osc9'],
]

const byProgram: Readonly<Record<string, Protocol>> = { ghostty: 'osc777', kitty: 'osc99' }

const byTerm: readonly (readonly [RegExp, Protocol])[] = [
  [/^xterm-kitty/, 'osc99'],
  [/^(?:foot|rxvt|xterm-ghostty)/, 'osc777'],
  // They would show a sequence that they don't know as text.
  [/^(?:linux|dumb|vt\d|cons|sun|ansi)/, 'none'],
]

export class Signals {
  readonly #protocol: Protocol
  readonly #hasTitle: boolean
  readonly #inMosh: boolean
  readonly #nested: 'tmux' | 'screen' | undefined
  readonly #wrap: (sequence: string) => string

  constructor(env: NodeJS.ProcessEnv) {
    const inTmux = isSet(env, 'TMUX') || env['TERM_PROGRAM'] === 'tmux'
    this.#nested = inTmux ? 'tmux' : isSet(env, 'STY') ? 'screen' : undefined
    this.#protocol = protocolOf(env, this.#nested !== undefined)
    this.#hasTitle = protocolOfTerm(env) !== 'none'
    // Its server sets this variable and no other.
    this.#inMosh = isSet(env, 'NCURSES_NO_UTF8_ACS') && this.#nested === undefined
    this.#wrap =
      this.#nested === undefined ? (sequence) => sequence : this.#nested === 'tmux' ? throughTmux : throughScreen
  }

  /** Whether it takes the sequences of newer terminals, and shows none of them as text. */
  get isModern(): boolean {
    return this.#hasTitle
  }

  /** Not in GNU screen: while the mouse is reported it keeps the Escape key until another follows. */
  get hasMouse(): boolean {
    return this.isModern && this.#nested !== 'screen'
  }

  /**
   * Whether a cluster of several code points may be written. GNU screen and mosh count the columns of each of them and
   * move the cursor of the terminal around them by that, which draws over what stands there.
   */
  get joinsClusters(): boolean {
    return this.#nested !== 'screen' && !this.#inMosh
  }

  /** Takes over the title. */
  get begin(): string {
    return this.#hasTitle ? pushTitle : ''
  }

  get end(): string {
    return this.#hasTitle ? popTitle : ''
  }

  title(text: string): string {
    return this.#hasTitle ? `\x1b]2;${plain(text)}${end}` : ''
  }

  /** Puts the text into the clipboard (OSC 52); empty where the terminal has none. */
  copy(text: string): string {
    if (!this.#hasTitle) return ''
    const sequence = `\x1b]52;c;${Buffer.from(text).toString('base64')}${end}`
    // tmux may have a clipboard of its own, or pass on to that of the terminal.
    return this.#nested === 'tmux' ? sequence + this.#wrap(sequence) : this.#wrap(sequence)
  }

  /** Empty where the terminal has none. */
  notification(title: string, body: string): string {
    const [head, text] = [plain(title), plain(body)]
    switch (this.#protocol) {
      case 'osc9':
        // A number in front would be another command of ConEmu's: 9;4 shows progress.
        return this.#wrap(`\x1b]9;${head}: ${text}${end}`)
      case 'osc777':
        return this.#wrap(`\x1b]777;notify;${head};${text}${end}`)
      case 'osc99':
        return (
          this.#wrap(`\x1b]99;i=conclave:d=0;${head}${end}`) + this.#wrap(`\x1b]99;i=conclave:p=body;${text}${end}`)
        )
      case 'none':
        return ''
    }
  }
}

function protocolOf(env: NodeJS.ProcessEnv, isNested: boolean): Protocol {
  if (!isNested && protocolOfTerm(env) === 'none') return 'none'
  for (const [name, protocol] of byVariable) if (isSet(env, name)) return protocol
  const program = byProgram[env['TERM_PROGRAM'] ?? '']
  if (program !== undefined) return program
  // A multiplexer's TERM says nothing of the terminal around it.
  return isNested ? 'osc9' : protocolOfTerm(env)
}

function protocolOfTerm(env: NodeJS.ProcessEnv): Protocol {
  const term = env['TERM'] ?? 'dumb'
  return byTerm.find(([pattern]) => pattern.test(term))?.[1] ?? 'osc9'
}

function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return (env[name] ?? '') !== ''
}

/** Delivered where tmux has `allow-passthrough on`; dropped elsewhere. */
function throughTmux(sequence: string): string {
  return `\x1bPtmux;${sequence.replaceAll('\x1b', '\x1b\x1b')}${end}`
}

/** What screen takes at most in one string, which it passes on as it comes. */
const screenCharsMax = 250

/** Screen's own terminator would end the wrapped one. */
function throughScreen(sequence: string): string {
  const parts = sequence.replace(end, bell).match(new RegExp(`[^]{1,${screenCharsMax}}`, 'g')) ?? []
  return parts.map((part) => `\x1bP${part}${end}`).join('')
}

/** One line of printable characters without the separator of sequences. */
function plain(text: string): string {
  const visible = stripVTControlCharacters(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
  return Array.from(visible.replaceAll(';', ',')).slice(0, textCharsMax).join('')
}
