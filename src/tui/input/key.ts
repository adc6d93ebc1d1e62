/** Input at a terminal, independent of its byte encoding. */

export interface Key {
  readonly kind: 'key'
  /** A name (`enter`, `up`, `page-up`), or the character pressed together with Ctrl or Alt. */
  readonly name: string
  readonly ctrl: boolean
  readonly alt: boolean
  readonly shift: boolean
}

export type Input =
  | Key
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'wheel'; readonly up: boolean }

/** The terminal's window has come to the front, or has left it. */
export interface Focus {
  readonly kind: 'focus'
  readonly focused: boolean
}

export function key(name: string, modifiers: { ctrl?: boolean; alt?: boolean; shift?: boolean } = {}): Key {
  const { ctrl = false, alt = false, shift = false } = modifiers
  return { kind: 'key', name, ctrl, alt, shift }
}
