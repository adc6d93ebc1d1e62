/** §2 to §4 of docs/protocol.md: deterministic CBOR, positional fields and their types, names, padding, primitives. */
import { createDecipheriv, hash as digest, hkdfSync, verify } from 'node:crypto'
import { encode as toCbor, rfc8949EncodeOptions } from 'cborg'
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_MLKEM768_X25519, type Key } from 'hpke'

export type Bytes = Uint8Array
export type Value = number | string | boolean | null | Bytes | Value[]
export const hex = (bytes: Bytes): string => Buffer.from(bytes).toString('hex')
export const bytes = (text: string): Bytes => Buffer.from(text, 'hex')
export const encode = (value: Value): Buffer => Buffer.from(toCbor(value, rfc8949EncodeOptions))

/** Thrown for what does not count, with the rule; or 'locked'. */
export class Refused extends Error {}
export function must(holds: unknown, rule: string): asserts holds {
  if (!holds) throw new Refused(rule)
}
export function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** Reads leniently: whatever is not the one encoding of its value does not encode back to the same bytes. */
export function decode(input: Bytes): Value {
  let at = 0
  const take = (length: number) => Buffer.from(input.subarray(at, (at += length)))
  const item = (depth: number): Value => {
    const [first = 0xff] = take(1)
    const [major, info] = [first >> 5, first & 31]
    if (first >= 0xf4 && first <= 0xf6) return first === 0xf6 ? null : first === 0xf5
    must(major < 5 && info < 28, '§3')
    const n = info < 24 ? info : Number(`0x0${hex(take(2 ** (info - 24)))}`)
    if (major < 2) return major === 0 ? n : -1 - n
    must(n <= input.length - at && (major < 4 || n === 0 || depth < 16), '§3')
    if (major === 4) return Array.from({ length: n }, () => item(depth + 1))
    return major === 2 ? take(n) : take(n).toString()
  }
  const value = item(0)
  must(at === input.length && encode(value).equals(input), '§3')
  return value
}

/** `name:kind` for each field in order; `?` in front of a kind: or null; a name alone: any value, looked at later. */
export type Fields<S> = S extends `${infer Field} ${infer Rest}` ? Fields<Field> & Fields<Rest> : One<S>
type One<S> = S extends `${infer Name}:${infer Kind}` ? Record<Name, Of<Kind>> : Record<S & string, Value>
type Of<K> = K extends `?${infer Kind}` ? Of<Kind> | null : K extends 'bool' ? boolean : Long<K>
type Long<K> = K extends 'u' ? number : K extends `b${string}` ? Bytes : K extends `[${string}` ? Value[] : string

export function read<S extends string>(shape: S, value: Value): Fields<S> {
  const fields = (shape.match(/\S+/g) ?? []).map((field) => field.split(':'))
  must(Array.isArray(value) && value.length === fields.length, '§3')
  for (const [k, [, kind]] of fields.entries()) must(!kind || fits(kind, value[k]!), '§3')
  return Object.fromEntries(fields.map(([name], k) => [name, value[k]])) as Fields<S>
}
/** Shapes by the names in front of them; `;` ends each but the last. */
export const table = (rows: string) =>
  new Map(rows.split('; ').map((row) => [/\w+/.exec(row)![0], row.replace(/\w+/, '')]))

function fits(kind: string, value: Value): boolean {
  if (kind.startsWith('?')) return value === null || fits(kind.slice(1), value)
  const [type, max] = [kind.replace(/\d+$/, ''), Number(kind.replace(/^\D+/, ''))]
  if (type === 'u') return typeof value === 'number' && value >= 0 && (kind === 'u' || value <= max)
  if (type === 'bool') return typeof value === 'boolean'
  if (type === '[') return Array.isArray(value) && value.length <= max
  if (kind === 'bKey') return value instanceof Uint8Array && isKey(value)
  if (kind === 'bWrap') return value instanceof Uint8Array && isWrapKey(value)
  if (value instanceof Uint8Array) return type === 'b' ? value.length === max : type === 'b<' && value.length <= max
  if (typeof value !== 'string' || type.startsWith('b')) return false
  if (type === 't' || type === 't+') return Buffer.byteLength(value) <= max && (type === 't' || value !== '')
  if (type === 'room') return /^(?=.*[A-Za-z0-9])[A-Za-z0-9_][A-Za-z0-9_-]{1,63}$/.test(value)
  if (type === 'name') return fits('room', value) && value.length <= 32 && !reserved.includes(skeleton(value))
  return kind.split('|').includes(value)
}
const alike: Record<string, string> = { 0: 'o', 1: 'l', i: 'l', 2: 'z', 5: 's', m: 'rn', w: 'vv', _: '-', '-': '-' }
const skeleton = (name: string) => name.toLowerCase().replace(/[-_]+|./g, (part) => alike[part[0]!] ?? part)
const reserved = 'admin admins administrator moderator system conclave everyone here nobody'.split(' ').map(skeleton)

export function unpad(padded: Bytes | undefined): Bytes {
  must(padded && padded.length >= 256, 'does not open')
  const end = 4 + Buffer.from(padded).readUInt32BE(0)
  let rung = [256, 384, 512, 768, 1024].find((size) => size >= end) ?? 1280
  while (rung < end && rung < padded.length) rung = Math.ceil(rung * 1.25)
  must(end <= rung && rung === padded.length && !padded.subarray(end).some(Boolean), '§3')
  return padded.subarray(4, end)
}

export const hash = (label: string, ...values: Value[]): string => digest('sha256', encode([label, ...values]), 'hex')
export const derive = (secret: Bytes, label: string, ...context: Value[]): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', encode([label, ...context]), 32))

/** §2.1, by the equations that points of small order satisfy: of Edwards y (a divisor of 8) and of Montgomery u. */
const number = (bytes: Bytes) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`)
const p = 2n ** 255n - 19n
const order = 2n ** 252n + 27742317777372353535851937790883648493n
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const isSmallY = (y: bigint) => (y * (y * y - 1n) * (d * y ** 4n + 2n * y * y - 1n)) % p === 0n
const isSmallU = (u: bigint) =>
  (u * (u * u - 1n) * ((u * u - 1n) ** 2n - 4n * u * (u * u + 486662n * u + 1n))) % p === 0n
export function isKey(key: Bytes): boolean {
  const y = key.length === 32 ? number(key) & (2n ** 255n - 1n) : p
  return y < p && !isSmallY(y)
}
const isExchangeKey = (key: Bytes) => number(key) < p && !isSmallU(number(key))
const isReduced = ([a, b, c, d, e, f]: string) => Number(`0x${d}${a}${b}`) < 3329 && Number(`0x${e}${f}${c}`) < 3329
export const isWrapKey = (key: Bytes): boolean =>
  key.length === 1216 &&
  isExchangeKey(key.subarray(1184)) &&
  hex(key.subarray(0, 1152)).match(/.{6}/g)!.every(isReduced)
const isEncapsulation = (key: Bytes): boolean => key.length === 1120 && isExchangeKey(key.subarray(1088))

/** The last of the values is the signature over those before. */
export function signed(key: Bytes, label: string, values: Value[]): boolean {
  return verified(key, encode([label, ...values.slice(0, -1)]), values.at(-1) as Bytes)
}
export function verified(key: Bytes, message: Bytes, signature: Bytes): boolean {
  const isForm = signature.length === 64 && isKey(signature.subarray(0, 32)) && number(signature.subarray(32)) < order
  if (!isKey(key) || !isForm) return false
  const spki = Buffer.concat([bytes('302a300506032b6570032100'), key])
  return verify(null, message, { key: spki, format: 'der', type: 'spki' }, signature)
}

export function open(key: Bytes, nonce: Bytes, aad: Value, sealed: Bytes): Bytes | undefined {
  if (nonce.length !== 12 || sealed.length < 16) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(encode(aad))
  const [rest, tag] = [sealed.subarray(0, -16), sealed.subarray(-16)]
  return attempt(() => Buffer.concat([decipher.setAuthTag(tag).update(rest), decipher.final()]))
}

export const suite = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
export async function unwrap(key: Key, encapsulation: Bytes, info: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
  if (!isEncapsulation(encapsulation) || sealed.length < 16) return undefined
  return suite.Open(key, encapsulation, sealed, { info }).catch(() => undefined)
}
