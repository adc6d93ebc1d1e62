/**
 * Deterministic CBOR (RFC 8949 §4.2.1): what is signed or hashed has one encoding.
 *
 * Values are integers within ±(2^53 − 1), byte strings, text strings, booleans, null and arrays; nothing else.
 * Decoding refuses every other encoding of the same value, so that decode ∘ encode and encode ∘ decode are identities.
 */
import { isUtf8 } from 'node:buffer'
import { decode as decodeCbor, encode as encodeCbor, rfc8949EncodeOptions, Tokenizer } from 'cborg'
import type { Bytes } from './bytes.ts'
import { codecDepthMax } from './limits.ts'

export type Value = number | string | boolean | null | Uint8Array | readonly Value[]

/** The bytes are not the one encoding of a value that the reader expects. What is read from others fails with this, and only this. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

const strictly = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  useMaps: true,
}

/** cborg drops a byte order mark at the start of a text, so that a text pasted with one would not encode back: keep it. */
class WholeText extends Tokenizer {
  override next() {
    const start = this.pos()
    const token = super.next()
    if (typeof token.value !== 'string') return token
    const [, header] = readArgument(this.data, start, (this.data[start] as number) & 0x1f)
    const [a, b, c] = this.data.subarray(start + header, this.pos())
    if (a === 0xef && b === 0xbb && c === 0xbf) token.value = `\ufeff${token.value}`
    return token
  }
}

export function encode(value: Value): Bytes {
  return plain(encodeCbor(value, rfc8949EncodeOptions))
}

/** The same bytes without Buffer's methods: its `slice` shares memory, where Uint8Array's copies. */
function plain(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
}

/** @throws FormatError */
export function decode(bytes: Uint8Array): Value {
  checkForm(bytes)
  try {
    return decodeCbor(bytes, { ...strictly, tokenizer: new WholeText(plain(bytes), strictly) }) as Value
  } catch (error) {
    throw new FormatError('not deterministic CBOR', { cause: error })
  }
}

/**
 * Refuses everything but the one encoding of one value, before the decoder allocates anything for it: what passes here
 * would be encoded to the same bytes again.
 */
function checkForm(bytes: Uint8Array): void {
  /** Of each array that is open, how many items are to come. */
  const open: number[] = []
  let at = 0
  do {
    const initial = bytes[at]
    if (initial === undefined) throw malformed('cut short')
    const major = initial >> 5
    const [argument, size] = readArgument(bytes, at, initial & 0x1f)
    at += size
    if (size > 1 && argument < (shortest[size] as number)) throw malformed('more bytes than needed')
    switch (major) {
      case 0:
      case 1:
        // −1 − argument is the value.
        if (argument > Number.MAX_SAFE_INTEGER - major) throw malformed('number beyond 2^53 − 1')
        break
      case 2:
      case 3:
        if (argument > bytes.length - at) throw malformed('cut short')
        if (major === 3 && !isUtf8(bytes.subarray(at, at + argument))) throw malformed('not UTF-8')
        at += argument
        break
      case 4:
        if (argument > bytes.length - at) throw malformed('array longer than its bytes')
        if (argument === 0) break
        open.push(argument)
        if (open.length > codecDepthMax) throw malformed('nested too deeply')
        continue
      case 7:
        if (initial < 0xf4 || initial > 0xf6) throw malformed('neither false, true nor null')
        break
      default:
        throw malformed('maps and tags are not used')
    }
    while (open.length > 0) {
      const left = (open.pop() as number) - 1
      if (left === 0) continue
      open.push(left)
      break
    }
  } while (open.length > 0)
  if (at < bytes.length) throw malformed('something behind the end')
}

/** The least argument for which a header of so many bytes is needed (RFC 8949 §4.2.1). */
const shortest: Readonly<Record<number, number>> = { 2: 24, 3: 2 ** 8, 5: 2 ** 16, 9: 2 ** 32 }

function readArgument(bytes: Uint8Array, at: number, info: number): [argument: number, size: number] {
  if (info < 24) return [info, 1]
  if (info > 27) throw malformed('indefinite or reserved length')
  const width = 2 ** (info - 24)
  if (at + 1 + width > bytes.length) throw malformed('cut short')
  let argument = 0
  for (let k = 0; k < width; k += 1) argument = argument * 256 + (bytes[at + 1 + k] as number)
  return [argument, 1 + width]
}

function malformed(why: string): FormatError {
  return new FormatError(`not deterministic CBOR: ${why}`)
}

/** Reads the positional fields of an array, each with its type and bounds, in order. */
export class Fields {
  readonly #items: readonly Value[]
  #at = 0

  /** @throws FormatError unless `value` is an array of `count` items. */
  constructor(value: Value | undefined, count: number) {
    if (!Array.isArray(value) || value.length !== count) throw new FormatError(`expected an array of ${count}`)
    this.#items = value as readonly Value[]
  }

  static decode(bytes: Uint8Array, count: number): Fields {
    return new Fields(decode(bytes), count)
  }

  next(): Value {
    if (this.#at >= this.#items.length) throw new FormatError('too few fields')
    const item = this.#items[this.#at] as Value
    this.#at += 1
    return item
  }

  /** An integer from 0 to `max` (2^53 − 1 when absent). */
  unsigned(max = Number.MAX_SAFE_INTEGER): number {
    const item = this.next()
    if (typeof item !== 'number' || item < 0 || item > max) throw new FormatError('expected an unsigned integer')
    return item
  }

  boolean(): boolean {
    const item = this.next()
    if (typeof item !== 'boolean') throw new FormatError('expected a boolean')
    return item
  }

  /** Exactly `length` bytes. */
  fixed(length: number): Bytes {
    const item = this.next()
    if (!(item instanceof Uint8Array) || item.length !== length) throw new FormatError(`expected ${length} bytes`)
    return item as Bytes
  }

  /** Up to `max` bytes. */
  bytes(max: number): Bytes {
    const item = this.next()
    if (!(item instanceof Uint8Array) || item.length > max) throw new FormatError(`expected up to ${max} bytes`)
    return item as Bytes
  }

  /** Text of up to `maxBytes` UTF-8 bytes. */
  text(maxBytes: number): string {
    const item = this.next()
    if (typeof item !== 'string' || Buffer.byteLength(item) > maxBytes) throw new FormatError('expected text')
    return item
  }

  /** An array of up to `max` items. */
  array(max: number): readonly Value[] {
    const item = this.next()
    if (!Array.isArray(item) || item.length > max) throw new FormatError(`expected an array of up to ${max}`)
    return item as readonly Value[]
  }

  /** null, or whatever `read` makes of the field. */
  nullable<T>(read: (fields: Fields) => T): T | null {
    if (this.#items[this.#at] === null) {
      this.#at += 1
      return null
    }
    return read(this)
  }
}
