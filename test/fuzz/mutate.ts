/** Inputs for decoders: made at random, or of valid ones by changing bytes, characters, or a value inside. */
import { decode, encode, type Value } from '../../src/base/codec.ts'
import { concat, type Bytes } from '../../src/base/bytes.ts'
import type { Chance } from './chance.ts'

/** Heads of CBOR items that promise more than there is, or what no encoder writes. */
const traps: readonly Bytes[] = [
  '5affffffff',
  '5bffffffffffffffff',
  '7affffffff',
  '9affffffff',
  '9bffffffffffffffff',
  '9a00010000',
  '5a00100000',
  '1b0020000000000000',
  '3bffffffffffffffff',
  '9fff',
  '5f41',
  'bf',
  'a1',
  'c1',
  'd9d9f7',
  'f7',
  'f97e00',
  'fb',
  'f8ff',
  '818181818181818181818181818181818181',
  '1800',
  '61ff',
  '63eda080',
  '00',
  'ff',
].map((digits) => new Uint8Array(Buffer.from(digits, 'hex')))

const numbers = [
  0,
  1,
  2,
  3,
  23,
  24,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
  -1,
  -(2 ** 53) + 1,
]
const lengths = [0, 1, 11, 12, 15, 16, 31, 32, 33, 48, 63, 64, 65, 255, 256, 1120, 1216]

export function mutateBytes(chance: Chance, valid: readonly Uint8Array[]): Bytes {
  if (valid.length === 0 || chance.oneIn(8)) return randomBytes(chance)
  let bytes = Uint8Array.from(chance.pick(valid))
  if (chance.oneIn(3)) return mutateEncoded(chance, bytes)
  for (let times = 1 + chance.below(4); times > 0; times -= 1) bytes = mutateOnce(chance, bytes, valid)
  return bytes
}

function randomBytes(chance: Chance): Bytes {
  if (chance.oneIn(3)) return encode(randomValue(chance, 4))
  const bytes = chance.bytes(chance.below(chance.pick([4, 40, 400, 2000])))
  return chance.oneIn(2) ? bytes : concat(chance.pick(traps), bytes)
}

function mutateOnce(chance: Chance, bytes: Bytes, valid: readonly Uint8Array[]): Bytes {
  const at = chance.below(bytes.length + 1)
  switch (chance.below(9)) {
    case 0:
    case 1: {
      if (bytes.length === 0) return bytes
      const flipped = Uint8Array.from(bytes)
      // Near the start stand the heads that say what follows.
      const place = chance.oneIn(2) ? chance.below(Math.min(8, bytes.length)) : chance.below(bytes.length)
      flipped[place] = chance.oneIn(2) ? (flipped[place] as number) ^ (1 << chance.below(8)) : chance.below(256)
      return flipped
    }
    case 2:
      return bytes.slice(0, at)
    case 3:
      return bytes.slice(at)
    case 4:
      return concat(bytes.subarray(0, at), chance.bytes(1 + chance.below(8)), bytes.subarray(at))
    case 5:
      return concat(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + chance.below(16))))
    case 6: {
      const trap = chance.pick(traps)
      return concat(bytes.subarray(0, at), trap, bytes.subarray(Math.min(bytes.length, at + trap.length)))
    }
    case 7: {
      const other = chance.pick(valid)
      return concat(bytes.subarray(0, at), other.subarray(chance.below(other.length + 1)))
    }
    default:
      return concat(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - chance.below(64))))
  }
}

/** Another value in the one encoding: what gets past the codec and must be refused behind it. */
function mutateEncoded(chance: Chance, bytes: Bytes): Bytes {
  try {
    return encode(mutateValue(chance, decode(bytes)))
  } catch {
    return mutateOnce(chance, bytes, [bytes])
  }
}

export function mutateValue(chance: Chance, value: Value): Value {
  if (Array.isArray(value) && value.length > 0 && !chance.oneIn(6)) {
    const items = [...(value as readonly Value[])]
    const at = chance.below(items.length)
    switch (chance.below(8)) {
      case 0:
        items.splice(at, 1)
        break
      case 1:
        items.splice(at, 0, randomValue(chance, 2))
        break
      case 2:
        items[at] = items[chance.below(items.length)] as Value
        break
      default:
        items[at] = mutateValue(chance, items[at] as Value)
    }
    return items
  }
  if (typeof value === 'number' && chance.oneIn(2)) return chance.oneIn(2) ? value + 1 : chance.pick(numbers)
  if (value instanceof Uint8Array && !chance.oneIn(4)) {
    if (value.length === 0 || chance.oneIn(3)) return chance.bytes(chance.pick(lengths))
    const changed = Uint8Array.from(value)
    const at = chance.below(changed.length)
    changed[at] = (changed[at] as number) ^ (1 << chance.below(8))
    return changed
  }
  if (typeof value === 'string' && !chance.oneIn(4)) return mutateText(chance, [value]).toWellFormed()
  if (typeof value === 'boolean' && chance.oneIn(2)) return !value
  return randomValue(chance, 2)
}

export function randomValue(chance: Chance, depth: number): Value {
  switch (chance.below(depth > 0 ? 7 : 5)) {
    case 0:
      return chance.pick(numbers)
    case 1:
      return chance.bytes(chance.pick(lengths))
    case 2:
      return randomText(chance).toWellFormed()
    case 3:
      return chance.oneIn(2)
    case 4:
      return null
    default:
      return Array.from({ length: chance.below(chance.pick([2, 5, 17])) }, () => randomValue(chance, depth - 1))
  }
}

/** What has deceived terminals, parsers and people. */
const pieces = [
  '\0',
  '\x07',
  '\x1b',
  '\x1b[',
  '\x1b]0;',
  '\x1b\\',
  '\x1b[200~',
  '\x1b[201~',
  '\x9b',
  '\r',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\u200d',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\ufe0f',
  '\u0301',
  '\u{1f468}',
  '\u{e0041}',
  '\u{e007f}',
  '\u{1f3f4}',
  '\ud800',
  '\udc00',
  '漢',
  'é',
  '٣',
  'ﬃ',
  '/',
  '//',
  ':',
  ',',
  '#',
  '?',
  '&',
  '=',
  '%',
  '%00',
  '@',
  '[',
  ']',
  '{',
  '}',
  '"',
  '\\',
  '..',
  '-',
  '_',
  '.',
  '0',
  '1',
  '9',
  '99999999999999999999',
  'a',
  'Z',
  '__proto__',
  'null',
  'NaN',
  '1e999',
  'sqlite:',
  'etcd://',
  'etcds://',
  'localhost',
  '::1',
  'ca=',
  'conclave-node-1.',
  'conclave-person-1.',
  '!',
  '/kick ',
]

export function randomText(chance: Chance): string {
  let text = ''
  const length = chance.below(chance.pick([3, 12, 60]))
  for (let k = 0; k < length; k += 1) {
    text += chance.oneIn(3) ? String.fromCharCode(0x20 + chance.below(0x5f)) : chance.pick(pieces)
  }
  return chance.oneIn(64) ? text.repeat(200) : text
}

export function mutateText(chance: Chance, valid: readonly string[]): string {
  if (valid.length === 0 || chance.oneIn(8)) return randomText(chance)
  let text = chance.pick(valid)
  for (let times = 1 + chance.below(3); times > 0; times -= 1) {
    const at = chance.below(text.length + 1)
    const end = Math.min(text.length, at + 1 + chance.below(6))
    switch (chance.below(6)) {
      case 0:
        text = text.slice(0, at)
        break
      case 1:
        text = text.slice(0, at) + chance.pick(pieces) + text.slice(at)
        break
      case 2:
        text = text.slice(0, at) + chance.pick(pieces) + text.slice(end)
        break
      case 3:
        text = text.slice(0, at) + text.slice(end)
        break
      case 4:
        text = text.slice(0, at) + String.fromCharCode(chance.below(0x180)) + text.slice(end)
        break
      default:
        text = text.slice(0, end) + text.slice(at) + (chance.oneIn(16) ? text.slice(at).repeat(50) : '')
    }
  }
  return text
}

/** Another value in a file of ours: a part of it replaced, renamed, left out or added. */
export function mutateJson(chance: Chance, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && !chance.oneIn(5)) {
    const entries: [string, unknown][] = Object.entries(value)
    const at = chance.below(entries.length + 1)
    const chosen = entries[at]
    if (chosen === undefined) entries.push([randomText(chance), randomJson(chance)])
    else if (chance.oneIn(6)) entries.splice(at, 1)
    else entries[at] = [chance.oneIn(12) ? randomText(chance) : chosen[0], mutateJson(chance, chosen[1])]
    return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
  }
  return typeof value === 'string' && chance.oneIn(2) ? mutateText(chance, [value]) : randomJson(chance)
}

function randomJson(chance: Chance): unknown {
  const some = [null, true, 0, 1, -1, 0.5, 1e300, 2 ** 53, '', 'x', [], {}, [null], [[]], { pid: {} }, 'etcd://a:1']
  return chance.oneIn(4) ? randomText(chance) : chance.pick(some)
}
