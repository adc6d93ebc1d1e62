/**
 * HPKE as the specifications say it, on node:crypto's primitives alone: a second opinion on the library that
 * src/crypto/wrap.ts uses. Base mode, single shot, MLKEM768-X25519, HKDF-SHA256, AES-256-GCM.
 *
 * Names are those of RFC 9180 §5 (key schedule), of draft-ietf-hpke-pq (one-stage LabeledDerive, kem_id 0x647a) and of
 * draft-connolly-cfrg-xwing-kem (the combiner).
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  type KeyObject,
} from 'node:crypto'
import { concat, fromHex, utf8, type Bytes } from '../../src/base/bytes.ts'
import { encapsulateByHand } from './ml-kem-by-hand.ts'

const kemId = 0x647a
const kdfId = 0x0001
const aeadId = 0x0002
const kemSuite = concat(utf8('KEM'), i2osp(kemId))
const hpkeSuite = concat(utf8('HPKE'), i2osp(kemId), i2osp(kdfId), i2osp(aeadId))
const combinerLabel = fromHex('5c2e2f2f5e5c')
const encapsulationMlKemBytes = 1088

export interface HandMadeKey {
  readonly mlKem: KeyObject
  readonly x25519: KeyObject
  readonly x25519Public: Bytes
  readonly publicKey: Bytes
}

/** DeriveKeyPair of 32 bytes of keying material, and the expansion of its seed. */
export function deriveByHand(ikm: Uint8Array): HandMadeKey {
  const seed = shake256(concat(ikm, utf8('HPKE-v1'), kemSuite, prefixed('DeriveKeyPair'), i2osp(32)), 32)
  const expanded = shake256(seed, 96)
  const mlKem = privateKey('3054020100300b060960864801650304040204428040', expanded.subarray(0, 64))
  const x25519 = privateKey('302e020100300506032b656e04220420', expanded.subarray(64))
  const x25519Public = rawPublic(x25519, 32)
  return { mlKem, x25519, x25519Public, publicKey: concat(rawPublic(mlKem, 1184), x25519Public) }
}

/** @throws Error when the ciphertext is not authentic. */
export function openByHand(key: HandMadeKey, enc: Uint8Array, info: Uint8Array, ciphertext: Uint8Array): Bytes {
  const sharedMlKem = decapsulate(key.mlKem, enc.subarray(0, encapsulationMlKemBytes))
  const encX25519 = enc.subarray(encapsulationMlKemBytes)
  const spki = concat(fromHex('302a300506032b656e032100'), encX25519)
  const theirs = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const sharedX25519 = diffieHellman({ privateKey: key.x25519, publicKey: theirs })
  const shared = sha3(concat(sharedMlKem, sharedX25519, encX25519, key.x25519Public, combinerLabel))
  const { aesKey, nonce } = schedule(shared, info)
  const decipher = createDecipheriv('aes-256-gcm', aesKey, nonce)
  decipher.setAuthTag(ciphertext.subarray(-16))
  return concat(decipher.update(ciphertext.subarray(0, -16)), decipher.final())
}

/**
 * `coins`: 64 bytes of randomness for the encapsulation (EncapsulateDerand), so that the same comes out again.
 * `forged`: another ephemeral point or form of it, and the secret that it comes to with the key if that is another too.
 */
export function sealByHand(
  publicKey: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
  coins: Uint8Array,
  forged: (point: Bytes) => { readonly point: Uint8Array; readonly shared?: Uint8Array } = (point) => ({ point }),
): { readonly encapsulation: Bytes; readonly ciphertext: Bytes } {
  const theirs = publicKey.subarray(1184)
  const mlKem = encapsulateByHand(publicKey.subarray(0, 1184), coins.subarray(0, 32))
  const ephemeral = privateKey('302e020100300506032b656e04220420', coins.subarray(32))
  const { point: encX25519, shared: forcedX25519 } = forged(rawPublic(ephemeral, 32))
  const spki = concat(fromHex('302a300506032b656e032100'), theirs)
  const their = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const sharedX25519 = forcedX25519 ?? diffieHellman({ privateKey: ephemeral, publicKey: their })
  const shared = sha3(concat(mlKem.shared, sharedX25519, encX25519, theirs, combinerLabel))
  const { aesKey, nonce } = schedule(shared, info)
  const cipher = createCipheriv('aes-256-gcm', aesKey, nonce)
  const ciphertext = concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
  return { encapsulation: concat(mlKem.ciphertext, encX25519), ciphertext }
}

/** KeySchedule in base mode, for the first message. */
function schedule(shared: Bytes, info: Uint8Array): { readonly aesKey: Bytes; readonly nonce: Bytes } {
  const none = new Uint8Array(0)
  const hashes = [labeledExtract(none, 'psk_id_hash', none), labeledExtract(none, 'info_hash', info)]
  const context = concat(Uint8Array.of(0), ...hashes)
  const secret = labeledExtract(shared, 'secret', none)
  return { aesKey: labeledExpand(secret, 'key', context, 32), nonce: labeledExpand(secret, 'base_nonce', context, 12) }
}

function labeledExtract(salt: Uint8Array, label: string, ikm: Uint8Array): Bytes {
  return hmac(salt, concat(utf8('HPKE-v1'), hpkeSuite, utf8(label), ikm))
}

/** One block of HKDF-Expand is enough: `length` is at most 32. */
function labeledExpand(prk: Bytes, label: string, info: Bytes, length: number): Bytes {
  const labeled = concat(i2osp(length), utf8('HPKE-v1'), hpkeSuite, utf8(label), info)
  return hmac(prk, concat(labeled, Uint8Array.of(1))).slice(0, length)
}

function hmac(key: Uint8Array, data: Uint8Array): Bytes {
  return new Uint8Array(createHmac('sha256', key).update(data).digest())
}

function sha3(data: Uint8Array): Bytes {
  return new Uint8Array(createHash('sha3-256').update(data).digest())
}

function shake256(data: Uint8Array, outputLength: number): Bytes {
  return new Uint8Array(createHash('shake256', { outputLength }).update(data).digest())
}

function i2osp(n: number): Bytes {
  return Uint8Array.of(n >> 8, n & 255)
}

function prefixed(label: string): Bytes {
  return concat(i2osp(label.length), utf8(label))
}

function privateKey(pkcs8Prefix: string, raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat(fromHex(pkcs8Prefix), raw)), format: 'der', type: 'pkcs8' })
}

/** A public key stands at the end of its DER form. */
function rawPublic(key: KeyObject, length: number): Bytes {
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-length))
}
