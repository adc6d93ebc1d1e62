/**
 * Which 32 bytes count as a point or a scalar of Ed25519 and X25519 (docs/protocol.md §2.1): each in its one encoding, and
 * no point of small order. Asked before the library is: versions of it differ in what they let pass, and readers of one
 * log must not.
 */
import { fromHex, hex } from '../base/bytes.ts'

// All numbers are little-endian, as both curves write them.

/** 2^255 − 19. */
const prime = fromHex(`ed${'ff'.repeat(30)}7f`)
/** Of Ed25519's base point. */
const groupOrder = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

const zero = '00'.repeat(32)
const one = `01${'00'.repeat(31)}`
const minusOne = `ec${'ff'.repeat(30)}7f`

/** The y of the eight points of small order. Two of them have x = 0, and are the only ones with a negative zero. */
const smallOrderYs = new Set([
  zero,
  one,
  minusOne,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** The u of the points of small order on the curve and on its twist. */
const smallOrderUs = new Set([
  zero,
  one,
  minusOne,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
])

/** y below the prime, and not of small order, whatever the sign of x. Whether such a point exists shows when it verifies. */
export function isEdwardsPoint(bytes: Uint8Array): boolean {
  const y = new Uint8Array(bytes)
  y[31] = (y[31] as number) & 0x7f
  return isLess(y, prime) && !smallOrderYs.has(hex(y))
}

/** u below the prime, the unused bit clear, and not of small order: a shared secret with it is never zero. */
export function isMontgomeryPoint(u: Uint8Array): boolean {
  return isLess(u, prime) && !smallOrderUs.has(hex(u))
}

/** Below the group's order: a signature has no second form. */
export function isScalar(bytes: Uint8Array): boolean {
  return isLess(bytes, groupOrder)
}

/** Of two numbers of 32 bytes. Not in constant time: all of them are public. */
function isLess(bytes: Uint8Array, bound: Uint8Array): boolean {
  if (bytes.length !== bound.length) return false
  for (let k = bound.length - 1; k >= 0; k -= 1) {
    if (bytes[k] !== bound[k]) return (bytes[k] as number) < (bound[k] as number)
  }
  return false
}
