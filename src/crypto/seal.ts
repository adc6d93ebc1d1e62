/** AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces and 128-bit tags appended to the ciphertext. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { concat, type Bytes } from '../base/bytes.ts'

export const sealKeyBytes = 32
export const nonceBytes = 12
export const tagBytes = 16

export type SealKey = KeyObject

/** @throws RangeError unless the key has 32 bytes. */
export function sealKey(bytes: Uint8Array): SealKey {
  if (bytes.length !== sealKeyBytes) throw new RangeError('an AES-256 key has 32 bytes')
  return createSecretKey(bytes)
}

/**
 * A nonce must never be used twice under one key: draw 96 random bits for each (safe up to 2^32 uses of a key).
 * @throws RangeError unless the nonce has 12 bytes.
 */
export function seal(key: SealKey, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes {
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
