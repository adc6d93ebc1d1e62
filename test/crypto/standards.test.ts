/** The primitives against the examples that their standards print, and against the forgeries that they warn of. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, hex, utf8 } from '../../src/base/bytes.ts'
import { open, sealWithNonce, sealKey } from '../../src/crypto/seal.ts'
import { signerFromSeed, verifyRaw } from '../../src/crypto/sign.ts'
import { filled } from './vault-fixture.ts'

describe('AES-256-GCM', () => {
  const key = 'feffe9928665731c6d6a8f9467308308'.repeat(2)
  const nonce = 'cafebabefacedbaddecaf888'
  const long =
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39'
  const sealedLong =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662'
  // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
  const cases = [
    {
      name: '13',
      key: '00'.repeat(32),
      nonce: '00'.repeat(12),
      aad: '',
      text: '',
      sealed: '',
      tag: '530f8afbc74536b9a963b4f1c4cb738b',
    },
    {
      name: '14',
      key: '00'.repeat(32),
      nonce: '00'.repeat(12),
      aad: '',
      text: '00'.repeat(16),
      sealed: 'cea7403d4d606b6e074ec5d3baf39d18',
      tag: 'd0d1c8a799996bf0265b98b5d48ab919',
    },
    {
      name: '15',
      key,
      nonce,
      aad: '',
      text: `${long}1aafd255`,
      sealed: `${sealedLong}898015ad`,
      tag: 'b094dac5d93471bdec1a502270e3cc6c',
    },
    {
      name: '16',
      key,
      nonce,
      aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      text: long,
      sealed: sealedLong,
      tag: '76fc6ece0f4e1768cddf8853bb2d551b',
    },
  ]

  it.each(cases)('seals and opens test case $name of its authors', ({ key, nonce, aad, text, sealed, tag }) => {
    const args = [sealKey(fromHex(key)), fromHex(nonce), fromHex(aad)] as const
    expect(hex(sealWithNonce(...args, fromHex(text)))).toBe(sealed + tag)
    expect(hex(open(...args, fromHex(sealed + tag))!)).toBe(text)
  })

  it('opens with no bit of key, nonce, context, text or tag changed', () => {
    const parts = [
      key,
      nonce,
      'feedface',
      hex(sealWithNonce(sealKey(fromHex(key)), fromHex(nonce), fromHex('feedface'), fromHex(long))),
    ]
    const whole = parts.map(fromHex)
    expect(open(sealKey(whole[0]!), whole[1]!, whole[2]!, whole[3]!)).toBeDefined()
    for (const [part, bytes] of whole.entries()) {
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const copy = bytes.slice()
        copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit % 8))
        const [k, n, a, c] = whole.with(part, copy) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
        expect(open(sealKey(k), n, a, c), `part ${part}, bit ${bit}`).toBeUndefined()
      }
    }
  })

  it('takes no shortened tag and no nonce of another length', () => {
    const [k, n, a] = [sealKey(fromHex(key)), fromHex(nonce), filled(0, 0)]
    const sealed = sealWithNonce(k, n, a, filled(0, 0))
    for (let length = 0; length < 16; length += 1) expect(open(k, n, a, sealed.subarray(0, length))).toBeUndefined()
    for (const length of [0, 8, 11, 13, 16]) expect(open(k, filled(length, 0), a, sealed)).toBeUndefined()
  })
})

describe('Ed25519', () => {
  // RFC 8032 §7.1, tests 1 to 3.
  const cases = [
    {
      test: 1,
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      test: 2,
      seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    },
    {
      test: 3,
      seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      message: 'af82',
      signature:
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
  ]

  it.each(cases)(
    'derives the key and accepts the signature of RFC 8032’s test $test',
    ({ seed, key, message, signature }) => {
      expect(hex(signerFromSeed(fromHex(seed)).publicKey)).toBe(key)
      expect(verifyRaw(fromHex(key), fromHex(message), fromHex(signature))).toBe(true)
    },
  )

  const signer = signerFromSeed(filled(32, 1))
  const signature = signer.sign('label', ['value'])
  const message = Uint8Array.of(0x82, 0x65, ...utf8('label'), 0x65, ...utf8('value'))

  it('signs the deterministic CBOR of label and values', () => {
    expect(verifyRaw(signer.publicKey, message, signature)).toBe(true)
  })

  it('accepts no signature with a bit changed, cut short or lengthened', () => {
    for (let bit = 0; bit < 512; bit += 1) {
      const copy = signature.slice()
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit % 8))
      expect(verifyRaw(signer.publicKey, message, copy), `bit ${bit}`).toBe(false)
    }
    expect(verifyRaw(signer.publicKey, message, signature.subarray(0, 63))).toBe(false)
    expect(verifyRaw(signer.publicKey, message, concat(signature, filled(1, 0)))).toBe(false)
  })

  it('accepts no second form of a signature, with the group’s order added to S', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const s = littleEndian(signature.subarray(32)) + order
    const forged = concat(signature.subarray(0, 32), fromHex(s.toString(16).padStart(64, '0')).reverse())
    expect(littleEndian(forged.subarray(32)) % order).toBe(littleEndian(signature.subarray(32)))
    expect(verifyRaw(signer.publicKey, message, forged)).toBe(false)
  })

  it('accepts nothing under what is not a key', () => {
    for (const key of [filled(31, 1), filled(33, 1), filled(0, 0)]) {
      expect(verifyRaw(key, message, signature)).toBe(false)
    }
  })
})

describe('X25519', () => {
  const pkcs8 = '302e020100300506032b656e04220420'
  const spki = '302a300506032b656e032100'
  const privateKey = (raw: string): KeyObject =>
    createPrivateKey({ key: Buffer.from(pkcs8 + raw, 'hex'), format: 'der', type: 'pkcs8' })
  const publicKey = (raw: string): KeyObject =>
    createPublicKey({ key: Buffer.from(spki + raw, 'hex'), format: 'der', type: 'spki' })

  it('agrees on the secret of RFC 7748 §6.1', () => {
    const bob = privateKey('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const bobPublic = createPublicKey(bob).export({ format: 'der', type: 'spki' }).subarray(-32)
    expect(hex(bobPublic)).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
    const alice = publicKey('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    const shared = diffieHellman({ privateKey: bob, publicKey: alice })
    expect(hex(shared)).toBe('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
  })
})

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`)
}
