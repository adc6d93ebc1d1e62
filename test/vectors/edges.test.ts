/** The forms on which libraries differ (test/vectors/protocol/edges.json): both readers say of each what is written. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, hex } from '../../src/base/bytes.ts'
import { open, sealWithNonce, sealKey } from '../../src/crypto/seal.ts'
import { isPublicKey, verifyAsync, verifyRaw } from '../../src/crypto/sign.ts'
import { isWrapKey, unwrapperFromSeed, wrap } from '../../src/crypto/wrap.ts'
import * as second from '../../examples/second-reader/format.ts'
import type { EdgeVectors } from './edges.ts'
import { fileOf } from './make.ts'

const edges = JSON.parse(readFileSync(fileOf('edges'), 'utf8')) as EdgeVectors
const { publicKeys, signatures, wrapKeys, encapsulations, sealing } = edges

it('has each of the eight points of small order, in all its forms, as a key and as R, with an equation that holds', () => {
  const holding = signatures.filter(({ equation, valid }) => equation === 'cofactorless' && !valid)
  const forms = publicKeys.filter(({ what }) => /^point [0-7] of small order/.test(what)).map(({ bytes }) => bytes)
  expect(new Set(forms).size).toBe(14)
  expect(holding.map(({ publicKey }) => publicKey)).toEqual(expect.arrayContaining(forms))
  expect(holding.map(({ signature }) => signature.slice(0, 64))).toEqual(expect.arrayContaining(forms))
})

describe('to the program', () => {
  it.each(publicKeys)('a public key: $what', ({ bytes, valid }) => {
    expect(isPublicKey(fromHex(bytes))).toBe(valid)
  })

  it.each(signatures)('a signature: $what', async ({ publicKey, message, signature, valid }) => {
    const [key, text, made] = [fromHex(publicKey), fromHex(message), fromHex(signature)]
    expect(verifyRaw(key, text, made)).toBe(valid)
    expect(await verifyAsync(key, text, made)).toBe(valid)
  })

  it.each(wrapKeys)('a wrap key: $what', async ({ key, valid }) => {
    expect(isWrapKey(fromHex(key))).toBe(valid)
    expect((await wrap(fromHex(key), 'label', [], fromHex(sealing.plaintext))) !== undefined).toBe(valid)
  })

  it.each(encapsulations.cases)('an encapsulation: $what', async ({ encapsulation, ciphertext, valid }) => {
    const own = await unwrapperFromSeed(fromHex(encapsulations.seed))
    const wrapped = { encapsulation: fromHex(encapsulation), ciphertext: fromHex(ciphertext) }
    const opened = await own.unwrap(wrapped, encapsulations.label, [])
    expect(opened && hex(opened)).toBe(valid ? encapsulations.plaintext : undefined)
  })

  it.each(sealing.cases)('sealed with $what', ({ nonce, sealed, valid }) => {
    const [key, aad] = [sealKey(fromHex(sealing.key)), fromHex(sealing.aad)]
    const opened = open(key, fromHex(nonce), aad, fromHex(sealed))
    expect(opened && hex(opened)).toBe(valid ? sealing.plaintext : undefined)
    if (fromHex(nonce).length !== 12) expect(() => sealWithNonce(key, fromHex(nonce), aad, aad)).toThrow(RangeError)
  })
})

describe('to the second reader', () => {
  const { bytes: bytesOf } = second

  it.each(publicKeys)('a public key: $what', ({ bytes, valid }) => {
    expect(second.isKey(bytesOf(bytes))).toBe(valid)
  })

  it.each(signatures)('a signature: $what', ({ publicKey, message, signature, valid }) => {
    expect(second.verified(bytesOf(publicKey), bytesOf(message), bytesOf(signature))).toBe(valid)
  })

  it.each(wrapKeys)('a wrap key: $what', ({ key, valid }) => {
    expect(second.isWrapKey(bytesOf(key))).toBe(valid)
  })

  it.each(encapsulations.cases)('an encapsulation: $what', async ({ encapsulation, ciphertext, valid }) => {
    const { privateKey } = await second.suite.DeriveKeyPair(bytesOf(encapsulations.seed), true)
    const info = second.encode([encapsulations.label])
    const opened = await second.unwrap(privateKey, bytesOf(encapsulation), info, bytesOf(ciphertext))
    expect(opened && second.hex(opened)).toBe(valid ? encapsulations.plaintext : undefined)
  })

  it.each(sealing.cases)('sealed with $what', ({ nonce, sealed, valid }) => {
    const aad = second.decode(bytesOf(sealing.aad))
    const opened = second.open(bytesOf(sealing.key), bytesOf(nonce), aad, bytesOf(sealed))
    expect(opened && second.hex(opened)).toBe(valid ? sealing.plaintext : undefined)
  })
})
