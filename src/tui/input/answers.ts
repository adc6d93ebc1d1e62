/** What a terminal answers when it is asked what it is: xterm's OSC 11 and DA1, DECRQM, kitty's keyboard protocol. Pure. */

export type Answer =
  | { readonly kind: 'background'; readonly background: 'dark' | 'light' }
  /** It has kitty's keyboard protocol. */
  | { readonly kind: 'keyboard' }
  /** It can measure a text by graphemes (mode 2027), and whether it does so already. */
  | { readonly kind: 'graphemes'; readonly isOn: boolean }
  /** Every terminal answers this one: what was asked before has been answered by then, or won't be. */
  | { readonly kind: 'attributes' }

/** @param parameters from the question mark on @param end the intermediate and the final byte */
export function answerOfCsi(parameters: string, end: string): Answer | undefined {
  if (end === 'c') return { kind: 'attributes' }
  if (end === 'u') return { kind: 'keyboard' }
  const mode = end === '$y' ? /^\?2027;([123])$/.exec(parameters)?.[1] : undefined
  return mode === undefined ? undefined : { kind: 'graphemes', isOn: mode !== '2' }
}

/** @param text an OSC without its introducer and its end */
export function answerOfOsc(text: string): Answer | undefined {
  const rgb = /^11;rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})(?:\/[\da-f]{1,4})?$/i.exec(text)?.slice(1)
  if (rgb === undefined) return undefined
  // Each by its own number of digits: of two, ff is all.
  const [red = 0, green = 0, blue = 0] = rgb.map((digits) => linear(parseInt(digits, 16) / (16 ** digits.length - 1)))
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return { kind: 'background', background: luminance > middleLuminance ? 'light' : 'dark' }
}

/** Black and white have the same contrast with it (WCAG 2.2, contrast ratio). */
const middleLuminance = 0.179

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** The start of an answer that may come in several pieces; no key sends the like. */
export function isPartOfAnswer(held: string): boolean {
  return /^\x1b(?:\[\?[\d;]{0,40}\$?|\]1[01]?(?:;(?:r|rg|rgba?|rgba?:[\da-f/]{0,19})?)?\x1b?)$/i.test(held)
}
