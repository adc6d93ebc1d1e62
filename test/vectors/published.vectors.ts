/**
 * The primitives against the test vectors that others publish. They are read from the directory that CONCLAVE_VECTORS
 * names (README.md beside this file says which files, and where they come from): `npm run vectors`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { join } from 'node:path'
import {
  AEAD_AES_256_GCM,
  AEAD_ChaCha20Poly1305,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  KEM_MLKEM768_X25519,
  type AEADFactory,
  type KEMFactory,
} from 'hpke'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, hex, type Bytes } from '../../src/base/bytes.ts'
import { nonceBytes, open, sealWithNonce, sealKey, tagBytes } from '../../src/crypto/seal.ts'
import { verifyRaw } from '../../src/crypto/sign.ts'
import { isWrapKey, unwrapperFromSeed } from '../../src/crypto/wrap.ts'

const directory = process.env['CONCLAVE_VECTORS'] ?? ''
// A run that finds nothing to check must not look like one that passed.
if (directory === '')
  throw new Error('CONCLAVE_VECTORS names the directory of the vectors: see README.md beside this file')

interface WycheproofCase {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
}
interface WycheproofFile<Group, Case> {
  readonly numberOfTests: number
  readonly testGroups: readonly (Group & { readonly tests: readonly (Case & WycheproofCase)[] })[]
}
interface GcmGroup {
  readonly keySize: number
  readonly ivSize: number
  readonly tagSize: number
}
type GcmCase = Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag', string>
type SignatureCase = Record<'msg' | 'sig', string>
type ExchangeCase = Record<'public' | 'private' | 'shared', string>

interface HpkeVector {
  readonly mode: number
  readonly kem_id: number
  readonly kdf_id: number
  readonly aead_id: number
  readonly info: string
  readonly ikmR: string
  readonly skRm: string
  readonly pkRm: string
  readonly enc: string
  readonly encryptions: readonly Record<'aad' | 'ct' | 'pt', string>[]
  readonly exports: readonly {
    readonly exporter_context: string
    readonly L: number
    readonly exported_value: string
  }[]
}

describe('published vectors', () => {
  it('of Wycheproof for AES-GCM: what our seal makes and opens', () => {
    const { testGroups } = read<WycheproofFile<GcmGroup, GcmCase>>('aes_gcm_test.json')
    const counts = { opened: 0, refused: 0 }
    for (const { keySize, tagSize, ivSize, tests } of testGroups) {
      if (keySize !== 256 || tagSize !== tagBytes * 8) continue
      for (const { tcId, result, key, iv, aad, msg, ct, tag } of tests) {
        const args = [sealKey(fromHex(key)), fromHex(iv), fromHex(aad)] as const
        const sealed = fromHex(ct + tag)
        const fits = result === 'valid' && ivSize === nonceBytes * 8
        const opened = open(...args, sealed)
        expect(opened === undefined ? undefined : hex(opened), `case ${tcId}`).toBe(fits ? msg : undefined)
        if (fits) expect(hex(sealWithNonce(...args, fromHex(msg))), `case ${tcId}`).toBe(ct + tag)
        counts[fits ? 'opened' : 'refused'] += 1
      }
    }
    expect(counts).toEqual({ opened: 39, refused: 66 })
  })

  it('of Wycheproof for Ed25519: what our verify accepts', () => {
    const { numberOfTests, testGroups } =
      read<WycheproofFile<{ publicKey: { pk: string } }, SignatureCase>>('ed25519_test.json')
    const counts = { valid: 0, invalid: 0, acceptable: 0 }
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, result, msg, sig } of tests) {
        expect(verifyRaw(fromHex(publicKey.pk), fromHex(msg), fromHex(sig)), `case ${tcId}`).toBe(result === 'valid')
        counts[result] += 1
      }
    }
    expect(counts.valid + counts.invalid).toBe(numberOfTests)
    expect(counts).toEqual({ valid: 88, invalid: 63, acceptable: 0 })
  })

  it('of Wycheproof for X25519: what Node’s two interfaces agree on, with no secret of zeros', async () => {
    const { numberOfTests, testGroups } = read<WycheproofFile<object, ExchangeCase>>('x25519_test.json')
    const counts = { agreed: 0, zero: 0 }
    for (const { tests } of testGroups) {
      for (const vector of tests) {
        const isZero = /^0*$/.test(vector.shared)
        const expected = isZero ? undefined : vector.shared
        expect(exchangeByNode(vector), `case ${vector.tcId}`).toBe(expected)
        expect(await exchangeByWebCrypto(vector), `case ${vector.tcId}`).toBe(expected)
        counts[isZero ? 'zero' : 'agreed'] += 1
      }
    }
    expect(counts.agreed + counts.zero).toBe(numberOfTests)
    expect(counts).toEqual({ agreed: 487, zero: 31 })
  })

  it('of Wycheproof for encapsulation keys of ML-KEM-768: which of them our wrap keys may hold', () => {
    const { numberOfTests, testGroups } = read<WycheproofFile<object, { ek: string }>>('mlkem_768_encaps_test.json')
    const point = `09${'00'.repeat(31)}`
    const counts = { valid: 0, invalid: 0, acceptable: 0 }
    for (const { tests } of testGroups) {
      for (const { tcId, result, ek } of tests) {
        expect(isWrapKey(fromHex(ek + point)), `case ${tcId}`).toBe(result === 'valid')
        counts[result] += 1
      }
    }
    expect(counts.valid + counts.invalid).toBe(numberOfTests)
    expect(counts).toEqual({ valid: 133, invalid: 132, acceptable: 0 })
  })

  it('of RFC 9180 for DHKEM(X25519), HKDF-SHA256, AES-256-GCM in base mode', async () => {
    const vectors = read<readonly HpkeVector[]>('rfc9180.json').filter(
      ({ mode, kem_id, kdf_id, aead_id }) => mode === 0 && kem_id === 0x20 && kdf_id === 1 && aead_id === 2,
    )
    expect(vectors).toHaveLength(1)
    for (const vector of vectors) {
      const { opened, exported } = await checkHpke(vector, KEM_DHKEM_X25519_HKDF_SHA256, AEAD_AES_256_GCM)
      expect({ opened, exported }).toEqual({ opened: 257, exported: 3 })
    }
  })

  it('of draft-ietf-hpke-pq for MLKEM768-X25519, HKDF-SHA256 in base mode, whose keys are our wrap keys', async () => {
    const vectors = read<readonly HpkeVector[]>('hpke-pq.json').filter(
      ({ mode, kem_id }) => mode === 0 && kem_id === 0x647a,
    )
    for (const { ikmR, pkRm } of vectors) {
      expect(hex((await unwrapperFromSeed(fromHex(ikmR))).publicKey)).toBe(pkRm)
    }
    const [vector, ...others] = vectors.filter(({ kdf_id }) => kdf_id === 1)
    expect([vectors.length, others.length, vector?.aead_id]).toEqual([2, 0, 3])
    expect(await checkHpke(vector!, KEM_MLKEM768_X25519, AEAD_ChaCha20Poly1305)).toEqual({ opened: 10, exported: 5 })
  })
})

async function checkHpke(
  vector: HpkeVector,
  kem: KEMFactory,
  aead: AEADFactory,
): Promise<{ opened: number; exported: number }> {
  const suite = new CipherSuite(kem, KDF_HKDF_SHA256, aead)
  const { privateKey, publicKey } = await suite.DeriveKeyPair(fromHex(vector.ikmR), true)
  expect(hex(await suite.SerializePublicKey(publicKey))).toBe(vector.pkRm)
  expect(hex(await suite.SerializePrivateKey(privateKey))).toBe(vector.skRm)
  const context = await suite.SetupRecipient(privateKey, fromHex(vector.enc), { info: fromHex(vector.info) })
  for (const { ct, aad, pt } of vector.encryptions) {
    expect(hex(await context.Open(fromHex(ct), fromHex(aad)))).toBe(pt)
  }
  for (const { exporter_context, L, exported_value } of vector.exports) {
    expect(hex(await context.Export(fromHex(exporter_context), L))).toBe(exported_value)
  }
  return { opened: vector.encryptions.length, exported: vector.exports.length }
}

function exchangeByNode(vector: ExchangeCase): string | undefined {
  const [pkcs8, spki] = exchangeKeys(vector)
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  try {
    return hex(diffieHellman({ privateKey, publicKey }))
  } catch {
    return undefined
  }
}

/** The way of the hpke library. */
async function exchangeByWebCrypto(vector: ExchangeCase): Promise<string | undefined> {
  const [pkcs8, spki] = exchangeKeys(vector)
  const own = await crypto.subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits'])
  const other = await crypto.subtle.importKey('spki', spki, 'X25519', false, [])
  try {
    return hex(new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: other }, own, 256)))
  } catch {
    return undefined
  }
}

/** PKCS #8 and SPKI (RFC 8410). */
function exchangeKeys(vector: ExchangeCase): [Bytes, Bytes] {
  return [
    concat(fromHex('302e020100300506032b656e04220420'), fromHex(vector.private)),
    concat(fromHex('302a300506032b656e032100'), fromHex(vector.public)),
  ]
}

function read<T>(name: string): T {
  const path = join(directory, name)
  if (!existsSync(path)) throw new Error(`${name} is missing: test/vectors/README.md says where it comes from`)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}
