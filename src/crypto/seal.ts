/**
 * AES-256-GCM (NIST SP 800-38D), 128-bit tags appended to the ciphertext. Nonces are hedged: a keyed hash of fresh
 * randomness and of what is sealed. With good randomness they are as random ones; where it repeats (a virtual machine
 * resumed twice from one snapshot), only equal plaintexts under equal associated data share one.
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { concat, type Bytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { derive } from './derive.ts'
import type { Random } from './random.ts'

export const sealKeyBytes = 32
export const nonceBytes = 12
export const tagBytes = 16

export type SealKey = KeyObject

/** @throws RangeError unless the key has 32 bytes. */
export function sealKey(bytes: Uint8Array): SealKey {
  if (bytes.length !== sealKeyBytes) throw new RangeError('an AES-256 key has 32 bytes')
  return createSecretKey(bytes)
}

export interface SealedOnce {
  readonly nonce: Bytes
  readonly ciphertext: Bytes
}

/** Under a nonce that is made for it: docs/protocol.md §2.2. Safe up to 2^32 uses of a key (SP 800-38D §8.3). */
export function seal(key: SealKey, aad: Uint8Array, plaintext: Uint8Array, random: Random): SealedOnce {
  const fresh = random(nonceBytes)
  const mac = createHmac('sha256', nonceKey(key)).update(encode([fresh, aad, plaintext]))
  const nonce = new Uint8Array(mac.digest()).slice(0, nonceBytes)
  return { nonce, ciphertext: sealWithNonce(key, nonce, aad, plaintext) }
}

/** Derived at a key's first seal: most keys only open. */
const nonceKeys = new WeakMap<SealKey, KeyObject>()

function nonceKey(key: SealKey): KeyObject {
  const known = nonceKeys.get(key)
  if (known !== undefined) return known
  const made = createSecretKey(derive(key, 'conclave/1 nonce'))
  nonceKeys.set(key, made)
  return made
}

/**
 * For `seal`, and for tests against published vectors. A nonce must never be used twice under one key.
 * @throws RangeError unless the nonce has 12 bytes.
 */
export function sealWithNonce(key: SealKey, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes {
  if (nonce.length !== nonceBytes) throw new RangeError('an AES-GCM nonce has 12 bytes')
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(aad)
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** undefined when key, nonce, aad or ciphertext is not the one that was sealed. */
export function open(key: SealKey, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Bytes | undefined {
  if (nonce.length !== nonceBytes || sealed.length < tagBytes) return undefined
  const split = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(split))
  const plaintext = decipher.update(sealed.subarray(0, split))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return new Uint8Array(plaintext)
}
