import { describe, expect, it } from 'vitest'
import { concat, hex, utf8 } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { encapsulationBytes, unwrapperFromSeed, wrap, wrapKeyBytes, type Wrapped } from '../../src/crypto/wrap.ts'
import { deriveByHand, openByHand, sealByHand } from './hpke-by-hand.ts'
import { filled } from './vault-fixture.ts'

const label = 'conclave/test'
const context = [filled(32, 5), 7] as const
const secret = filled(32, 9)
const seeds = Array.from({ length: 16 }, (_, k) => filled(32, k * 16 + 1))

describe('wrapping', () => {
  it('derives the key pair that the specification says', async () => {
    for (const seed of seeds) {
      const { publicKey } = await unwrapperFromSeed(seed)
      expect(publicKey).toHaveLength(wrapKeyBytes)
      expect(hex(publicKey)).toBe(hex(deriveByHand(seed).publicKey))
    }
  })

  it('gives what the specification’s own steps open', async () => {
    for (const seed of seeds) {
      const { publicKey } = await unwrapperFromSeed(seed)
      const { encapsulation, ciphertext } = (await wrap(publicKey, label, context, secret))!
      expect(encapsulation).toHaveLength(encapsulationBytes)
      const opened = openByHand(deriveByHand(seed), encapsulation, encode([label, ...context]), ciphertext)
      expect(hex(opened)).toBe(hex(secret))
    }
  })

  it('opens what the specification’s own steps give', async () => {
    for (const seed of seeds) {
      const { publicKey, unwrap } = await unwrapperFromSeed(seed)
      const info = encode([label, ...context])
      const wrapped = sealByHand(publicKey, info, secret, concat(seed, secret))
      expect(hex((await unwrap(wrapped, label, context)) ?? utf8('nothing'))).toBe(hex(secret))
    }
  })

  it('opens for its key, label and context only', async () => {
    const [mine, other] = await Promise.all([unwrapperFromSeed(filled(32, 1)), unwrapperFromSeed(filled(32, 2))])
    const wrapped = (await wrap(mine.publicKey, label, context, secret))!
    expect(await mine.unwrap(wrapped, label, context)).toEqual(secret)
    expect(await other.unwrap(wrapped, label, context)).toBeUndefined()
    expect(await mine.unwrap(wrapped, 'conclave/other', context)).toBeUndefined()
    expect(await mine.unwrap(wrapped, label, [filled(32, 5), 8])).toBeUndefined()
  })

  it('opens with no byte changed, missing or added', async () => {
    const mine = await unwrapperFromSeed(filled(32, 1))
    const wrapped = (await wrap(mine.publicKey, label, context, secret))!
    const whole = concat(wrapped.encapsulation, wrapped.ciphertext)
    const split = (bytes: Uint8Array): Wrapped => ({
      encapsulation: Uint8Array.from(bytes.subarray(0, encapsulationBytes)),
      ciphertext: Uint8Array.from(bytes.subarray(encapsulationBytes)),
    })
    for (let at = 0; at < whole.length; at += 1) {
      const copy = whole.slice()
      copy[at] = (copy[at] as number) ^ (1 << (at % 8))
      expect(await mine.unwrap(split(copy), label, context), `byte ${at}`).toBeUndefined()
    }
    for (const bytes of [whole.subarray(0, -1), concat(whole, filled(1, 0)), whole.subarray(0, 20), filled(0, 0)]) {
      expect(await mine.unwrap(split(bytes), label, context)).toBeUndefined()
    }
  })

  it('never gives the same bytes twice', async () => {
    const { publicKey } = await unwrapperFromSeed(filled(32, 1))
    const [one, two] = await Promise.all([1, 2].map(() => wrap(publicKey, label, context, secret)))
    expect(one!.encapsulation).not.toEqual(two!.encapsulation)
    expect(one!.ciphertext).not.toEqual(two!.ciphertext)
  })

  it('is refused for what is not a public key', async () => {
    const { publicKey } = await unwrapperFromSeed(filled(32, 1))
    // FIPS 203 §7.2: coefficients of the ML-KEM key must be below 3,329; 0xff makes them 4,095.
    const outOfRange = publicKey.slice().fill(0xff, 0, 384)
    for (const bad of [outOfRange, publicKey.subarray(1), concat(publicKey, filled(1, 0)), utf8('key')]) {
      expect(await wrap(bad, label, context, secret)).toBeUndefined()
    }
  })
})
