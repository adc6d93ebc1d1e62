/**
 * Ed25519 (RFC 8032). Public keys are 32 bytes, signatures 64, private keys the 32-byte seed.
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
import { publicKeysCachedMax } from '../base/limits.ts'

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

/** False for a wrong signature, and for anything that is not a key or a signature at all. */
export function verify(publicKey: Uint8Array, label: string, values: readonly Value[], signature: Uint8Array): boolean {
  return verifyRaw(publicKey, encode([label, ...values]), signature)
}

/** Over bytes as they are: `verify` is this with a label. */
export function verifyRaw(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  const key = importPublicKey(publicKey)
  return key !== undefined && verifyBytes(null, message, key, signature)
}

/** `verifyRaw` on another thread, while this one goes on: most of what reading a long history costs. */
export function verifyAsync(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = publicKey.length === publicKeyBytes ? importPublicKey(publicKey) : undefined
  if (key === undefined || signature.length !== signatureBytes) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    verifyBytes(null, message, key, signature, (error, good) => (error ? reject(error) : resolve(good)))
  })
}

const imported = new Map<string, KeyObject>()

function importPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  const name = hex(publicKey)
  const known = imported.get(name)
  if (known !== undefined) return known
  try {
    const key = createPublicKey({ key: Buffer.from(concat(spkiPrefix, publicKey)), format: 'der', type: 'spki' })
    if (imported.size >= publicKeysCachedMax) imported.clear()
    imported.set(name, key)
    return key
  } catch {
    return undefined
  }
}
