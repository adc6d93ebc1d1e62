/**
 * Root keys as people compare them.
 *
 * A fingerprint is for one key: 24 decimal digits, about 80 bits of its hash, so that making another key with the same
 * fingerprint takes about 2^80 tries. A safety number is for two people: 60 digits, the same on both screens. Like
 * Signal's it is made of 30 digits for each key (six times five bytes of the hash, modulo 100,000: about 99 bits), the
 * smaller half first; unlike Signal's the hash is not iterated, since 99 bits need no slowing down.
 */
import { hex } from '../base/bytes.ts'
import { publicKeysCachedMax } from '../base/limits.ts'
import { hash } from './hash.ts'
import { publicKeyBytes } from './sign.ts'

const fingerprintDigits = 24
const halfChunks = 6
const chunkBytes = 5
const chunkDigits = 5

/** Six groups of four digits. @throws RangeError unless the key has 32 bytes. */
export function fingerprint(rootKey: Uint8Array): string {
  checkKey(rootKey)
  const name = hex(rootKey)
  const known = fingerprints.get(name)
  if (known !== undefined) return known
  // 128 bits modulo 10^24: no digit is likelier than another by more than 2^-48.
  const number = bigEndian(hash('conclave/v1/fingerprint', rootKey).subarray(0, 16)) % 10n ** BigInt(fingerprintDigits)
  const digits = grouped(number.toString().padStart(fingerprintDigits, '0'), 4)
  if (fingerprints.size >= publicKeysCachedMax) fingerprints.clear()
  fingerprints.set(name, digits)
  return digits
}

/** Every line of a page shows one: made once for each key. */
const fingerprints = new Map<string, string>()

/** Whether a typed fingerprint, with or without spaces or hyphens, is this key's. */
export function matchesFingerprint(text: string, rootKey: Uint8Array): boolean {
  return text.replace(/[\s-]+/g, '') === fingerprint(rootKey).replaceAll(' ', '')
}

/** Twelve groups of five digits, whichever key comes first. @throws RangeError unless both keys have 32 bytes. */
export function safetyNumber(keyA: Uint8Array, keyB: Uint8Array): string {
  return grouped([half(keyA), half(keyB)].sort().join(''), chunkDigits)
}

function half(rootKey: Uint8Array): string {
  checkKey(rootKey)
  const digest = hash('conclave/v1/safety-number', rootKey)
  let digits = ''
  for (let k = 0; k < halfChunks; k += 1) {
    const chunk = bigEndian(digest.subarray(k * chunkBytes, (k + 1) * chunkBytes)) % 10n ** BigInt(chunkDigits)
    digits += chunk.toString().padStart(chunkDigits, '0')
  }
  return digits
}

function bigEndian(bytes: Uint8Array): bigint {
  let number = 0n
  for (const byte of bytes) number = (number << 8n) | BigInt(byte)
  return number
}

function grouped(digits: string, size: number): string {
  return (digits.match(new RegExp(`.{${size}}`, 'g')) as string[]).join(' ')
}

function checkKey(rootKey: Uint8Array): void {
  if (rootKey.length !== publicKeyBytes) throw new RangeError('a root key has 32 bytes')
}
