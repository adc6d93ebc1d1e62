/**
 * Ed25519 (RFC 8032). Public keys are 32 bytes, signatures 64, private keys the 32-byte seed. What is not the one encoding
 * of a key or a signature is refused before the library sees it (docs/protocol.md §2.1); what remains is the equation.
 *
 * Key objects are cached, because importing a key costs more than using it.
 */
import {
  createPrivateKey,
  createPublicKey,
  sign as signBytes,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto'
import { concat, fromHex, hex, type Bytes } from '../base/bytes.ts'
import { encode, type Value } from '../base/codec.ts'
import { fixed } from '../base/format.ts'
import { publicKeysCachedMax } from '../base/limits.ts'
import { isEdwardsPoint, isScalar } from './curve25519.ts'

export const publicKeyBytes = 32
export const signatureBytes = 64
export const seedBytes = 32

// RFC 8410 §7 and §4: the DER wrapping of an Ed25519 private seed and public key.
const pkcs8Prefix = fromHex('302e020100300506032b657004220420')
const spkiPrefix = fromHex('302a300506032b6570032100')

export interface Signer {
  readonly publicKey: Bytes
  /** Signs a label and values as one deterministic CBOR array. */
  sign(label: string, values: readonly Value[]): Bytes
}

/** @throws RangeError unless the seed has 32 bytes. */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== seedBytes) throw new RangeError('an Ed25519 seed has 32 bytes')
  const privateKey = createPrivateKey({ key: Buffer.from(concat(pkcs8Prefix, seed)), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(spkiPrefix.length)),
    sign: (label, values) => new Uint8Array(signBytes(null, encode([label, ...values]), privateKey)),
  }
}

/** Whether a signature under it could count at all: the right length, its one encoding, not of small order. */
export function isPublicKey(bytes: Uint8Array): boolean {
  return bytes.length === publicKeyBytes && isEdwardsPoint(bytes)
}

/** A field that holds one. */
export const publicKeyFormat = fixed(publicKeyBytes, (key) => (isPublicKey(key) ? undefined : 'not a public key'))

/** R like a public key, and S below the group's order. */
function isSignature(bytes: Uint8Array): boolean {
  return bytes.length === signatureBytes && isEdwardsPoint(bytes.subarray(0, 32)) && isScalar(bytes.subarray(32))
}

/** False for a wrong signature, and for anything that is not a key or a signature at all. */
export function verify(publicKey: Uint8Array, label: string, values: readonly Value[], signature: Uint8Array): boolean {
  return verifyRaw(publicKey, encode([label, ...values]), signature)
}

/** Over bytes as they are: `verify` is this with a label. */
export function verifyRaw(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = isSignature(signature) ? importPublicKey(publicKey) : undefined
  return key !== undefined && verifyBytes(null, message, key, signature)
}

/** `verifyRaw` on another thread, while this one goes on: most of what reading a long history costs. */
export function verifyAsync(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = isSignature(signature) ? importPublicKey(publicKey) : undefined
  if (key === undefined) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    verifyBytes(null, message, key, signature, (error, good) => (error ? reject(error) : resolve(good)))
  })
}

const imported = new Map<string, KeyObject>()

function importPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  const name = hex(publicKey)
  const known = imported.get(name)
  if (known !== undefined) return known
  if (!isPublicKey(publicKey)) return undefined
  try {
    const key = createPublicKey({ key: Buffer.from(concat(spkiPrefix, publicKey)), format: 'der', type: 'spki' })
    if (imported.size >= publicKeysCachedMax) imported.clear()
    imported.set(name, key)
    return key
  } catch {
    return undefined
  }
}
