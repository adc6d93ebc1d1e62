/** Byte strings: the one representation of keys, hashes and records. */

export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const emptyBytes: Bytes = new Uint8Array(0)

export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** @throws TypeError when the bytes are not well-formed UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Lexicographic byte order, the order of keys in every store: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

/** Not constant-time: for public values only (hashes, keys of the store). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  // Most that differ do so at once: a call less, where one key is looked for among thousands.
  return a.length === b.length && a[0] === b[0] && Buffer.compare(a, b) === 0
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** @throws RangeError unless the text is an even number of lower-case hexadecimal digits. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new RangeError('not hexadecimal')
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Eight bytes, big-endian, so that byte order is numeric order. 0 ≤ n ≤ 2^53 − 1. */
export function u64(n: number): Bytes {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not an unsigned integer: ${n}`)
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(n / 2 ** 32))
  view.setUint32(4, n % 2 ** 32)
  return bytes
}

/** @throws RangeError unless eight bytes hold a number up to 2^53 − 1. */
export function fromU64(bytes: Uint8Array): number {
  if (bytes.length !== 8) throw new RangeError('a number in a key has eight bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  const n = view.getUint32(0) * 2 ** 32 + view.getUint32(4)
  if (!Number.isSafeInteger(n)) throw new RangeError('number beyond 2^53 − 1')
  return n
}

/** The end of the range of all keys that start with `prefix` (exclusive). @throws RangeError on an empty or all-0xff prefix. */
export function prefixEnd(prefix: Uint8Array): Bytes {
  const end = new Uint8Array(prefix)
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last] as number
    if (byte < 0xff) {
      end[last] = byte + 1
      return end.slice(0, last + 1)
    }
  }
  throw new RangeError('this prefix has no end')
}
