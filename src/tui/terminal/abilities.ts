/**
 * What this terminal can do, beyond what its environment says: it is asked once, and nothing waits for its answers. One that
 * is not known to ignore a question is not asked.
 */
import type { Theme } from '../../chat/preferences.ts'
import type { Answer } from '../input/answers.ts'
import { backgroundOf, depthOf, paletteOf, type Background, type Depth, type Palette } from './palette.ts'
import { Signals } from './signals.ts'

/** Background (OSC 11), keyboard protocol, mode 2027; and last the attributes, which every terminal answers (DA1). */
const questions = '\x1b]11;?\x1b\\\x1b[?u\x1b[?2027$p\x1b[c'
/** Then a terminal that has not answered won't. */
const answerWaitMs = 2000

/** Kitty's protocol: keys that were ambiguous (1), with what Shift and other layouts make of them (4). */
const keyboardOn = '\x1b[>5u'
const keyboardOff = '\x1b[<u'

export class Abilities {
  readonly #depth: Depth
  readonly #canAsk: boolean
  #background: Background | undefined
  #hasKeyboard = false
  /** Measures by graphemes if it is told to. */
  #isOldWidths = false
  /** When it was asked, if some answers may still come. */
  #askedAt: number | undefined
  #palette: { readonly of: string; readonly palette: Palette } | undefined

  constructor(env: NodeJS.ProcessEnv) {
    this.#depth = depthOf(env)
    this.#canAsk = new Signals(env).isModern
    this.#background = backgroundOf(env)
  }

  palette(theme: Theme): Palette {
    const background = theme === 'dark' || theme === 'light' ? theme : this.#background
    const depth = theme === 'none' ? 'none' : this.#depth
    const of = `${background} ${depth}`
    if (this.#palette?.of !== of) this.#palette = { of, palette: paletteOf(background, depth) }
    return this.#palette.palette
  }

  ask(now: number): string {
    if (!this.#canAsk) return ''
    this.#askedAt = now
    return questions
  }

  /** Whether an answer may be under way. */
  isAnswering(now: number): boolean {
    return this.#askedAt !== undefined && now < this.#askedAt + answerWaitMs
  }

  hear(answer: Answer): void {
    if (answer.kind === 'background') this.#background = answer.background
    else if (answer.kind === 'keyboard') this.#hasKeyboard = true
    else if (answer.kind === 'graphemes') this.#isOldWidths = !answer.isOn
    else this.#askedAt = undefined
  }

  /** Turns on what it can do; on the alternate screen, which has modes of its own. */
  get begin(): string {
    return (this.#hasKeyboard ? keyboardOn : '') + (this.#isOldWidths ? '\x1b[?2027h' : '')
  }

  get end(): string {
    return (this.#isOldWidths ? '\x1b[?2027l' : '') + (this.#hasKeyboard ? keyboardOff : '')
  }
}
