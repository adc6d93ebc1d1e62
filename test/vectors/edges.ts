/**
 * What libraries differ on (docs/protocol.md §2.1): keys, signatures, encapsulations and sealed bytes in every form that one
 * of them lets pass. Most of those that don't count are right by their equation, so that a lenient reader takes them.
 */
import { createCipheriv, createPrivateKey, sign } from 'node:crypto'
import { concat, fromHex, hex, utf8, type Bytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { sealWithNonce, sealKey } from '../../src/crypto/seal.ts'
import { signerFromSeed } from '../../src/crypto/sign.ts'
import { unwrapperFromSeed } from '../../src/crypto/wrap.ts'
import * as curve from '../crypto/edwards25519.ts'
import { sealByHand } from '../crypto/hpke-by-hand.ts'
import { seedOf } from './stage.ts'

export type EdgeVectors = Awaited<ReturnType<typeof edgeVectors>>

export async function edgeVectors() {
  return { publicKeys: publicKeys(), signatures: signatures(), ...(await wrapping()), sealing: sealing() }
}

export interface SignatureVector {
  readonly what: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  /** S·B = R + k·A, as it stands or only with both sides multiplied by 8, however A and R are written. */
  readonly equation: 'cofactorless' | 'cofactored' | 'neither'
  readonly valid: boolean
}

const { order, p } = curve
const none = curve.smallPoints[0] as curve.Point
const eighth = curve.smallPoints[1] as curve.Point
const secret = 0x5ec2e7n
const nameOf = (k: number) => `point ${k} of small order (${curve.orderOf(k)})`
/** Each encoding of each small point: 8 of them are the points' own. */
const smallForms = curve.smallPoints.flatMap((point, k) =>
  curve.formsOf(point).map((form) => {
    const isOwn = hex(form) === hex(curve.encodePoint(point))
    return { point, form, what: `${nameOf(k)}${isOwn ? '' : ', in another form'}` }
  }),
)

function publicKeys() {
  const known = (what: string, bytes: Bytes, valid: boolean) => ({ what, bytes: hex(bytes), valid })
  return [
    known('of a seed', signerFromSeed(seedOf('signer')).publicKey, true),
    known('with a part of small order', curve.encodePoint(curve.pointOf(secret, eighth)), true),
    known('the smallest y that counts', curve.encodeRaw(3n, 0n), true),
    known('the largest y that counts', curve.encodeRaw(p - 2n, 1n), true),
    ...smallForms.map(({ what, form }) => known(what, form, false)),
    ...[0n, 1n].flatMap((sign) =>
      Array.from({ length: 19 }, (_, c) =>
        known(`y is the prime and ${c}, sign ${sign}`, curve.encodeRaw(p + BigInt(c), sign), false),
      ),
    ),
    known('31 bytes', seedOf('signer').slice(1), false),
    known('33 bytes', concat(seedOf('signer'), Uint8Array.of(0)), false),
  ]
}

function signatures(): SignatureVector[] {
  const mixedA = { secret, smallPart: eighth }
  const honest = found({ secret, smallPart: none, r: 5n }, 'by an honest key', true)
  const lengthened = signerFromSeed(seedOf('signer'))
  const own = utf8('a message')
  const signature = new Uint8Array(sign(null, own, privateKeyOf(seedOf('signer'))))
  const s = curve.numberOf(signature.subarray(32))
  const withS = (what: string, n: bigint, valid = false): SignatureVector => ({
    what,
    publicKey: hex(lengthened.publicKey),
    message: hex(own),
    signature: hex(concat(signature.subarray(0, 32), curve.littleEndian(n))),
    equation: (n - s) % order === 0n ? 'cofactorless' : 'neither',
    valid,
  })
  return [
    honest,
    withS('as RFC 8032 signs', s, true),
    ...[1n, 2n, 14n].map((times) => withS(`${times} times the order added to S`, s + times * order)),
    withS('S is the order', order),
    withS('S is one below the order', order - 1n),
    withS('S is the largest number of 256 bits', 2n ** 256n - 1n),
    found({ ...mixedA, r: 5n }, 'a key with a part of small order, where k leaves nothing of it', true),
    found({ ...mixedA, r: 5n, smallPartOfR: eighth }, 'a key and an R whose parts of small order cancel', true),
    found({ ...mixedA, r: 5n }, 'the same key, where only the cofactored equation holds', false, 'cofactored'),
    found(
      { secret, smallPart: none, r: 5n, smallPartOfR: eighth },
      'an R with a part of small order, where only the cofactored equation holds',
      false,
      'cofactored',
    ),
    ...smallForms.map(({ point, form, what }) =>
      found({ secret: 0n, smallPart: point, publicKey: form, r: 5n }, `the key is ${what}`, false),
    ),
    ...smallForms.map(({ point, form, what }) =>
      found({ ...mixedA, smallPartOfR: point, formOfR: form }, `R is ${what}`, false),
    ),
    found(
      { secret: 0n, smallPart: eighth, smallPartOfR: eighth },
      'the key and R are points of small order, and S is 0',
      false,
    ),
    { ...honest, what: 'y of the key is on no point', publicKey: hex(curve.encodeRaw(offCurve(), 0n)), ...no },
    {
      ...honest,
      what: 'y of R is on no point',
      signature: hex(concat(curve.encodeRaw(offCurve(), 0n), fromHex(honest.signature).subarray(32))),
      ...no,
    },
  ]
}

const privateKeyOf = (seed: Bytes) =>
  createPrivateKey({
    key: Buffer.from(concat(fromHex('302e020100300506032b657004220420'), seed)),
    format: 'der',
    type: 'pkcs8',
  })

const no = { equation: 'neither', valid: false } as const

function offCurve(): bigint {
  for (let y = 2n; ; y += 1n) if (!curve.isOnCurve(y)) return y
}

/** With the first message, of a numbered row, for which this equation holds and none that asks for less. */
function found(
  crafted: curve.Crafted,
  what: string,
  valid: boolean,
  equation: 'cofactorless' | 'cofactored' = 'cofactorless',
): SignatureVector {
  for (let n = 0; ; n += 1) {
    const message = utf8(`message ${n}`)
    const made = curve.craft(message, crafted)
    if (made.equation !== equation) continue
    const { publicKey, signature } = made
    return { what, publicKey: hex(publicKey), message: hex(message), signature: hex(signature), equation, valid }
  }
}

/** u of X25519's points of small order, and forms of them and of an honest one that X25519 reads alike. */
async function wrapping() {
  const seed = seedOf('wrap key')
  const { publicKey } = await unwrapperFromSeed(seed)
  const topBit = 2n ** 255n
  const smallUs = [0n, 1n, p - 1n, ...curve.smallUs()]
  const honest = curve.numberOf(publicKey.subarray(1184))
  const points = [
    ...smallUs.map((u, k) => ({ what: `point ${k} of small order`, u })),
    ...smallUs.map((u, k) => ({ what: `point ${k} of small order, the unused bit set`, u: u + topBit })),
    ...[0n, 1n].map((u) => ({ what: `the prime and ${u}, which is of small order`, u: p + u })),
    ...[2n, 18n].map((u) => ({ what: `the prime and ${u}`, u: p + u })),
  ]
  const withPoint = (u: bigint) => concat(publicKey.subarray(0, 1184), curve.littleEndian(u))
  const withCoefficient = (at: number, value: number) => {
    const key = publicKey.slice()
    const [a, b, c] = [...key.subarray(at, at + 3)] as [number, number, number]
    const low = at === 0
    key.set(low ? [value & 255, (b & 0xf0) | (value >> 8), c] : [a, (b & 0x0f) | ((value & 15) << 4), value >> 4], at)
    return key
  }
  const known = (what: string, key: Bytes, valid: boolean) => ({ what, key: hex(key), valid })
  const wrapKeys = [
    known('of a seed', publicKey, true),
    known('u is 2', withPoint(2n), true),
    known('u is 2 below the prime', withPoint(p - 2n), true),
    known('the unused bit of u is set', withPoint(honest + topBit), false),
    ...points.map(({ what, u }) => known(what, withPoint(u), false)),
    ...[0, 1149].flatMap((at) => [
      known(`a coefficient of 3328, at byte ${at}`, withCoefficient(at, 3328), true),
      known(`a coefficient of 3329, at byte ${at}`, withCoefficient(at, 3329), false),
      known(`a coefficient of 4095, at byte ${at}`, withCoefficient(at, 4095), false),
    ]),
    known('1215 bytes', publicKey.slice(1), false),
    known('1217 bytes', concat(publicKey, Uint8Array.of(0)), false),
  ]

  const [info, plaintext] = [encode(['label']), seedOf('secret')]
  const coins = concat(seedOf('coins', 'ML-KEM'), seedOf('coins', 'X25519'))
  const made = (what: string, forged: Parameters<typeof sealByHand>[4], valid: boolean) => {
    const { encapsulation, ciphertext } = sealByHand(publicKey, info, plaintext, coins, forged)
    return { what, encapsulation: hex(encapsulation), ciphertext: hex(ciphertext), valid }
  }
  const whole = made('an honest one', undefined, true)
  const encapsulations = [
    whole,
    made(
      'the unused bit of its point is set',
      (own) => ({ point: curve.littleEndian(curve.numberOf(own) + topBit) }),
      false,
    ),
    ...points
      .slice(0, -2)
      .map(({ what, u }) =>
        made(
          `${what}, and a shared secret of zeros`,
          () => ({ point: curve.littleEndian(u), shared: new Uint8Array(32) }),
          false,
        ),
      ),
    { ...whole, what: 'a tag cut to 12 bytes', ciphertext: whole.ciphertext.slice(0, -8), valid: false },
    { ...whole, what: 'less than a tag', ciphertext: whole.ciphertext.slice(0, 24), valid: false },
    { ...whole, what: '1119 bytes', encapsulation: whole.encapsulation.slice(2), valid: false },
    { ...whole, what: '1121 bytes', encapsulation: `${whole.encapsulation}00`, valid: false },
    { ...whole, what: 'another ML-KEM ciphertext', encapsulation: `00${whole.encapsulation.slice(2)}`, valid: false },
  ]
  const opening = { seed: hex(seed), label: 'label', plaintext: hex(plaintext) }
  return { wrapKeys, encapsulations: { ...opening, cases: encapsulations } }
}

function sealing() {
  const [key, aad, plaintext] = [seedOf('key'), encode(['aad']), seedOf('plaintext')]
  const sealedWith = (what: string, nonceLength: number, tagLength: number, valid: boolean) => {
    const nonce = concat(seedOf('nonce'), seedOf('nonce')).slice(0, nonceLength)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
    cipher.setAAD(aad)
    const sealed = concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
    return { what, nonce: hex(nonce), sealed: hex(sealed), valid }
  }
  const nonce = seedOf('nonce').slice(0, 12)
  const empty = sealWithNonce(sealKey(key), nonce, aad, new Uint8Array(0))
  return {
    key: hex(key),
    aad: hex(aad),
    plaintext: hex(plaintext),
    cases: [
      sealedWith('a nonce of 12 bytes and a tag of 16', 12, 16, true),
      ...[4, 8, 12, 13, 14, 15].map((length) => sealedWith(`a tag of ${length} bytes`, 12, length, false)),
      ...[1, 8, 11, 13, 16, 32].map((length) => sealedWith(`a nonce of ${length} bytes`, length, 16, false)),
      { what: 'a tag alone, cut short', nonce: hex(nonce), sealed: hex(empty.subarray(1)), valid: false },
      { what: 'nothing', nonce: hex(nonce), sealed: '', valid: false },
    ],
  }
}
