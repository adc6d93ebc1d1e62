/**
 * Ed25519 as RFC 8032 §5.1 says it, with points of every order: for the signatures on which libraries differ
 * (Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", 2020). Slow, and nothing in it is kept from timing.
 */
import { createHash } from 'node:crypto'
import { concat, fromHex, hex, type Bytes } from '../../src/base/bytes.ts'
import { encode, type Value } from '../../src/base/codec.ts'
import type { Signer } from '../../src/crypto/sign.ts'

export const p = 2n ** 255n - 19n
export const order = 2n ** 252n + 27742317777372353535851937790883648493n

const mod = (n: bigint, by = p): bigint => ((n % by) + by) % by

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = mod(base); exponent > 0n; exponent >>= 1n, square = (square * square) % p) {
    if (exponent & 1n) result = (result * square) % p
  }
  return result
}

const inverse = (n: bigint): bigint => power(n, p - 2n)
const d = mod(-121665n * inverse(121666n))

/** Extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z. */
export type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint]

const affine = (x: bigint, y: bigint): Point => [x, y, 1n, mod(x * y)]
const identity = affine(0n, 1n)

/** Complete: right for any two points, small ones too (RFC 8032 §5.1.4). */
export function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const [a, b] = [mod((y1 - x1) * (y2 - x2)), mod((y1 + x1) * (y2 + x2))]
  const [c, e] = [mod(2n * t1 * d * t2), mod(2n * z1 * z2)]
  const [E, F, G, H] = [b - a, e - c, e + c, b + a]
  return [mod(E * F), mod(G * H), mod(F * G), mod(E * H)]
}

export function multiply(scalar: bigint, point: Point): Point {
  let result = identity
  for (let double = point; scalar > 0n; scalar >>= 1n, double = add(double, double)) {
    if (scalar & 1n) result = add(result, double)
  }
  return result
}

/** undefined when no point of the curve has this y. */
function xOf(y: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * inverse(d * y * y + 1n))
  let x = power(square, (p + 3n) / 8n)
  if (mod(x * x - square) !== 0n) x = mod(x * power(2n, (p - 1n) / 4n))
  return mod(x * x - square) === 0n ? x : undefined
}

export const isOnCurve = (y: bigint): boolean => xOf(mod(y)) !== undefined

export function littleEndian(number: bigint): Bytes {
  return fromHex(number.toString(16).padStart(64, '0')).reverse()
}
export const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`)

/** y and the sign of x, in whatever form: y need not be reduced. */
export const encodeRaw = (y: bigint, sign: bigint): Bytes => littleEndian(y | (sign << 255n))

export function encodePoint([x, y, z]: Point): Bytes {
  const one = inverse(z)
  return encodeRaw(mod(y * one), mod(x * one) & 1n)
}

const baseY = mod(4n * inverse(5n))
const baseX = xOf(baseY) as bigint
const base = affine(baseX & 1n ? mod(-baseX) : baseX, baseY)

/** Of order 8: what is left of some point of the curve when its part of prime order is taken away. */
const eighth = (() => {
  for (let y = 2n; ; y += 1n) {
    const x = xOf(y)
    const small = x === undefined ? identity : multiply(order, affine(x, y))
    if (!isIdentity(multiply(4n, small))) return small
  }
})()

function isIdentity([x, y, z]: Point): boolean {
  return x === 0n && mod(y - z) === 0n
}

/** The eight points whose order divides 8, as multiples of one of them: the first has order 1. */
export const smallPoints: readonly Point[] = Array.from({ length: 8 }, (_, k) => multiply(BigInt(k), eighth))
export const orderOf = (k: number): number => [1, 8, 4, 8, 2, 8, 4, 8][k] as number

/** Every form of a small point that a decoder which reduces y, or ignores the sign of a zero, takes for it. */
export function formsOf(point: Point): Bytes[] {
  const own = encodePoint(point)
  const number = numberOf(own)
  const [y, sign] = [number & (2n ** 255n - 1n), number >> 255n]
  const ys = y < 19n ? [y, y + p] : [y]
  const signs = mod(point[0]) === 0n ? [sign, 1n - sign] : [sign]
  return ys.flatMap((each) => signs.map((one) => encodeRaw(each, one)))
}

export interface Crafted {
  /** The public key: [secret]B and a small point. */
  readonly secret: bigint
  readonly smallPart: Point
  /** The form in which the key is written, when it is not its own. */
  readonly publicKey?: Bytes
  /** R is [r]B and a small point; r 0 makes R small. */
  readonly r?: bigint
  readonly smallPartOfR?: Point
  readonly formOfR?: Bytes
}

/** [scalar]B and a point of small order. */
export const pointOf = (scalar: bigint, smallPart: Point): Point => add(multiply(scalar, base), smallPart)

const known = new WeakMap<Crafted, { readonly publicKey: Bytes; readonly R: Bytes }>()

/** The same for every message. */
function encoded(crafted: Crafted) {
  const { secret, smallPart, publicKey, r = 0n, smallPartOfR = identity, formOfR } = crafted
  const made = known.get(crafted) ?? {
    publicKey: publicKey ?? encodePoint(pointOf(secret, smallPart)),
    R: formOfR ?? encodePoint(pointOf(r, smallPartOfR)),
  }
  known.set(crafted, made)
  return made
}

/** A signature with S = r + k·secret, and the equation that it satisfies: the message's hash decides which. */
export function craft(message: Uint8Array, crafted: Crafted) {
  const { secret, smallPart, r = 0n, smallPartOfR = identity } = crafted
  const { publicKey, R: encodedR } = encoded(crafted)
  const digest = createHash('sha512')
    .update(concat(encodedR, publicKey, message))
    .digest()
  const k = mod(numberOf(digest), order)
  // What is left of R + k·A when S·B is taken away: never more than a point of small order.
  const left = add(smallPartOfR, multiply(k, smallPart))
  const equation: 'cofactorless' | 'cofactored' = isIdentity(left) ? 'cofactorless' : 'cofactored'
  return { publicKey, signature: concat(encodedR, littleEndian(mod(r + k * secret, order))), equation }
}

/**
 * Signs for [secret]B and a point of small order, so that the cofactorless equation holds. With secret 0 nobody needs to
 * know anything to sign: a reader that takes such keys takes them from everyone.
 */
export function craftedSigner(
  smallPart: Point,
  secret = 0n,
  publicKey = encodePoint(pointOf(secret, smallPart)),
): Signer {
  const signBytes = (message: Uint8Array) => {
    for (let r = 1n; ; r += 1n) {
      const { equation, signature } = craft(message, { secret, smallPart, publicKey, r })
      if (equation === 'cofactorless') return signature
    }
  }
  return { publicKey, sign: (label, values: readonly Value[]) => signBytes(encode([label, ...values])) }
}

/** The u of X25519 to which the Edwards points of order 8 correspond: (1 + y)/(1 − y). */
export function smallUs(): bigint[] {
  const ys = [1, 3].map((k) => numberOf(encodePoint(smallPoints[k] as Point)) & (2n ** 255n - 1n))
  return ys.map((y) => mod((1n + y) * inverse(mod(1n - y))))
}
