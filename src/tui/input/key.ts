/** Input at a terminal, independent of its byte encoding. */
import type { Clickable } from '../text/clickable.ts'

export interface Key {
  readonly kind: 'key'
  /** A name (`enter`, `up`, `page-up`), or the character pressed together with Ctrl or Alt. */
  readonly name: string
  readonly ctrl: boolean
  readonly alt: boolean
  readonly shift: boolean
}

export type Input =
  Key | { readonly kind: 'text'; readonly text: string } | { readonly kind: 'paste'; readonly text: string } | Wheel

/** `on`: what was under the pointer. */
export interface Wheel {
  readonly kind: 'wheel'
  readonly up: boolean
  readonly on: Clickable | undefined
}

/** A press of the left button. */
export interface Click {
  readonly kind: 'click'
  readonly on: Clickable
  /** It had been under the pointer for a moment: the person may have seen it before they pressed the button. */
  readonly isSeen: boolean
}

/** What the terminal reports of the mouse, at a cell counted from 0: a press of the left button, or a turn of the wheel. */
export interface Mouse {
  readonly kind: 'mouse'
  readonly act: 'press' | 'wheel-up' | 'wheel-down'
  readonly row: number
  readonly column: number
}

/** The terminal's window has come to the front, or has left it. */
export interface Focus {
  readonly kind: 'focus'
  readonly focused: boolean
}

/** All that a terminal sends. */
export type Sent = Input | Focus | Mouse

export function key(name: string, modifiers: { ctrl?: boolean; alt?: boolean; shift?: boolean } = {}): Key {
  const { ctrl = false, alt = false, shift = false } = modifiers
  return { kind: 'key', name, ctrl, alt, shift }
}
