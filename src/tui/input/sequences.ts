/** The meaning of escape sequences: xterm's, the Linux console's, rxvt's, and the CSI u form of newer terminals. */
import type { Focus, Input, Key } from './key.ts'

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
  57414: 'enter',
}

function named(name: string, modifier: number): Key {
  const bits = Math.max(0, modifier - 1)
  return { kind: 'key', name, shift: (bits & 1) !== 0, alt: (bits & 2) !== 0, ctrl: (bits & 4) !== 0 }
}

/** Undefined for unknown sequences. */
export function keyOfCsi(parameters: string, final: string): Input | Focus | undefined {
  if (parameters === '' && (final === 'I' || final === 'O')) return { kind: 'focus', focused: final === 'I' }
  if (parameters.startsWith('<')) return wheelOf(parameters, final)
  const [first = '', second = '', third = ''] = parameters.split(';').map((part) => part.split(':')[0] ?? '')
  const modifier = Number(second === '' ? 1 : second)
  if (final === '~' && first === '27') return keyOfCodePoint(Number(third), modifier)
  if (final === '~') return numbers[first] === undefined ? undefined : named(numbers[first], modifier)
  if (final === 'u') return keyOfCodePoint(Number(first), modifier)
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

function keyOfCodePoint(code: number, modifier: number): Input | undefined {
  const name = codePoints[code]
  if (name !== undefined) return named(name, modifier)
  if (!Number.isInteger(code) || code < 0x20 || code > 0x10ffff || (code >= 0xe000 && code <= 0xf8ff)) return undefined
  const character = String.fromCodePoint(code)
  const pressed = named(character, modifier)
  if (!pressed.ctrl && !pressed.alt) {
    return { kind: 'text', text: pressed.shift ? character.toUpperCase() : character }
  }
  return { ...pressed, name: character.toLowerCase() }
}

function wheelOf(parameters: string, final: string): Input | undefined {
  if (final !== 'M') return undefined
  const button = Number(parameters.slice(1).split(';')[0])
  if ((button & 64) === 0 || (button & 3) > 1) return undefined
  return { kind: 'wheel', up: (button & 1) === 0 }
}
