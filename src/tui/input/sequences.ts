/** The meaning of escape sequences: xterm's, the Linux console's, rxvt's, and the CSI u form of newer terminals. */
import type { Input, Key, Mouse, Sent } from './key.ts'

const finals: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  S: 'f4',
  Z: 'tab',
}

const numbers: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
}

const codePoints: Readonly<Record<number, string>> = {
  9: 'tab',
  13: 'enter',
  27: 'escape',
  127: 'backspace',
  // The keypad, where kitty's protocol tells its keys apart.
  57414: 'enter',
  57417: 'left',
  57418: 'right',
  57419: 'up',
  57420: 'down',
  57421: 'page-up',
  57422: 'page-down',
  57423: 'home',
  57424: 'end',
  57425: 'insert',
  57426: 'delete',
}

/** Characters of the keypad, from `keypadFirst`. */
const keypad = '0123456789./*-+'
const keypadFirst = 57399

/** What Ctrl with these has been since the first terminals. */
const controls: Readonly<Record<string, string>> = { '[': 'escape', i: 'tab', m: 'enter', h: 'backspace' }

function named(name: string, modifier: number): Key {
  const bits = Math.max(0, modifier - 1)
  return { kind: 'key', name, shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 }
}

/** Undefined for unknown sequences. */
export function keyOfCsi(parameters: string, final: string): Sent | undefined {
  if (parameters === '' && (final === 'I' || final === 'O')) return { kind: 'focus', focused: final === 'I' }
  if (parameters.startsWith('<')) return mouseOf(parameters, final)
  const parts = parameters.split(';').map((part) => part.split(':'))
  const [[first = '', shifted = '', base = ''] = [], [second = ''] = [], [third = ''] = []] = parts
  const modifier = Number(second === '' ? 1 : second)
  if (final === '~' && first === '27') return keyOfCodePoint(Number(third), modifier)
  if (final === '~') return numbers[first] === undefined ? undefined : named(numbers[first], modifier)
  if (final === 'u') return keyOfCodePoint(Number(first), modifier, Number(shifted), Number(base))
  // rxvt: lower-case finals are arrows with Shift.
  if (/^[a-d]$/.test(final) && parameters === '') return named(finals[final.toUpperCase()] ?? '', 2)
  const name = finals[final]
  if (name === undefined) return undefined
  return final === 'Z' ? { ...named('tab', 1), shift: true } : named(name, modifier)
}

export function keyOfSs3(final: string): Input | undefined {
  if (final === 'M') return named('enter', 1)
  // rxvt: lower-case finals are arrows with Ctrl.
  if (/^[a-d]$/.test(final)) return named(finals[final.toUpperCase()] ?? '', 5)
  // As CSI, with parameters, R reports where the cursor is.
  const name = final === 'R' ? 'f3' : finals[final]
  return name === undefined || final === 'Z' ? undefined : named(name, 1)
}

/**
 * @param shifted what the key writes with Shift, and 0 where the terminal does not say
 * @param base the key in its place on an English keyboard, likewise, where the layout has no Latin letters
 */
function keyOfCodePoint(code: number, modifier: number, shifted = 0, base = 0): Input | undefined {
  const name = codePoints[code]
  if (name !== undefined) return named(name, modifier)
  const onKeypad = keypad.codePointAt(code - keypadFirst)
  if (code >= keypadFirst && onKeypad !== undefined) return keyOfCodePoint(onKeypad, modifier)
  const pressed = named('', modifier)
  const isShifted = pressed.shift && isCharacter(shifted)
  if (!isCharacter(code) || (otherModifiers & (modifier - 1)) !== 0) return undefined
  const character = String.fromCodePoint(isShifted ? shifted : code)
  if (!pressed.ctrl && !pressed.alt) {
    return { kind: 'text', text: pressed.shift ? character.toUpperCase() : character }
  }
  const isForeign = isCharacter(base) && !/[\x21-\x7e]/.test(character)
  const letter = (isForeign ? String.fromCodePoint(base) : character).toLowerCase()
  const control = pressed.ctrl && !pressed.shift ? controls[letter] : undefined
  if (control !== undefined) return { ...pressed, name: control, ctrl: false }
  // Of another sign on the same key, Shift is a part and no modifier, as without this protocol.
  const isOtherSign = isShifted && !isForeign && letter !== String.fromCodePoint(code).toLowerCase()
  return { ...pressed, name: letter, shift: pressed.shift && !isOtherSign }
}

/** Super, Hyper and Meta: the desktop's. */
const otherModifiers = 8 | 16 | 32

function isCharacter(code: number): boolean {
  return code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xf8ff) && !(code >= 0x7f && code < 0xa0)
}

/** The SGR form. Releases, other buttons, and presses with Shift, Alt or Ctrl mean nothing. */
function mouseOf(parameters: string, final: string): Mouse | undefined {
  const [, button, column, row] = /^<([0-9]{1,3});([0-9]{1,5});([0-9]{1,5})$/.exec(parameters) ?? []
  return final === 'M' ? mouseAt(Number(button), Number(column), Number(row)) : undefined
}

/** Three bytes, each 32 too high: terminals that don't know the SGR form. */
export function mouseOfX10(bytes: string): Mouse | undefined {
  const [button = NaN, column = NaN, row = NaN] = Array.from(bytes, (byte) => byte.charCodeAt(0) - 32)
  return column < 96 && row < 96 ? mouseAt(button, column, row) : undefined
}

const acts: Readonly<Record<number, Mouse['act']>> = { 0: 'press', 64: 'wheel-up', 65: 'wheel-down' }

function mouseAt(button: number, column: number, row: number): Mouse | undefined {
  // The wheel turns with any modifiers.
  const act = acts[button >= 64 ? button & ~0b11100 : button]
  return act === undefined || !(column > 0 && row > 0)
    ? undefined
    : { kind: 'mouse', act, row: row - 1, column: column - 1 }
}
