/**
 * HPKE (RFC 9180), base mode, single shot: MLKEM768-X25519 (X-Wing), HKDF-SHA256, AES-256-GCM.
 *
 * Public keys are 1,216 bytes, private keys the 32-byte seed, an encapsulation 1,120 bytes. About a millisecond each way.
 * Keys and encapsulations that don't count (docs/protocol.md §2.1) are refused before the library sees them. A private key
 * exists as its seed alone and is expanded anew, so FIPS 203's check of a stored one against its hash has nothing to find.
 */
import {
  AEAD_AES_256_GCM,
  CipherSuite,
  EncapError,
  KDF_HKDF_SHA256,
  KEM_MLKEM768_X25519,
  ValidationError,
  type Key,
} from 'hpke'
import { hex, type Bytes } from '../base/bytes.ts'
import { encode, type Value } from '../base/codec.ts'
import { fixed } from '../base/format.ts'
import { publicKeysCachedMax } from '../base/limits.ts'
import { isMontgomeryPoint } from './curve25519.ts'
import { tagBytes } from './seal.ts'

export const wrapKeyBytes = 1216
export const wrapSeedBytes = 32
export const encapsulationBytes = 1120
const mlKemKeyBytes = 1184
const mlKemCoefficientsBytes = 1152
const mlKemModulus = 3329
const x25519KeyBytes = 32

const suite = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM)

export interface Wrapped {
  readonly encapsulation: Bytes
  readonly ciphertext: Bytes
}

export interface Unwrapper {
  readonly publicKey: Bytes
  /** undefined when the wrap was not made for this key and this context. */
  unwrap(wrapped: Wrapped, label: string, context: readonly Value[]): Promise<Bytes | undefined>
}

/** The key pair that DeriveKeyPair makes of 32 random bytes (RFC 9180 §7.1.3). */
export async function unwrapperFromSeed(seed: Uint8Array): Promise<Unwrapper> {
  if (seed.length !== wrapSeedBytes) throw new RangeError('a wrap seed has 32 bytes')
  const { privateKey, publicKey } = await suite.DeriveKeyPair(seed, true)
  const serialized = (await suite.SerializePublicKey(publicKey)) as Bytes
  return {
    publicKey: serialized,
    async unwrap(wrapped, label, context) {
      if (!isEncapsulation(wrapped.encapsulation) || wrapped.ciphertext.length < tagBytes) return undefined
      try {
        const info = encode([label, ...context])
        return (await suite.Open(privateKey, wrapped.encapsulation, wrapped.ciphertext, { info })) as Bytes
      } catch {
        return undefined
      }
    },
  }
}

/** Whether something can be sealed to it: coefficients below ML-KEM's modulus (FIPS 203 §7.2), and a point that counts. */
export function isWrapKey(bytes: Uint8Array): boolean {
  if (bytes.length !== wrapKeyBytes || !isMontgomeryPoint(bytes.subarray(mlKemKeyBytes))) return false
  // Two coefficients of 12 bits in three bytes.
  for (let k = 0; k < mlKemCoefficientsBytes; k += 3) {
    const three = (bytes[k] as number) | ((bytes[k + 1] as number) << 8) | ((bytes[k + 2] as number) << 16)
    if ((three & 0xfff) >= mlKemModulus || three >> 12 >= mlKemModulus) return false
  }
  return true
}

/** A field that holds one. */
export const wrapKeyFormat = fixed(wrapKeyBytes, (key) => (isWrapKey(key) ? undefined : 'not a wrap key'))

/** Every ML-KEM ciphertext of its length counts (a wrong one yields a wrong secret); its ephemeral point must. */
function isEncapsulation(bytes: Uint8Array): boolean {
  return bytes.length === encapsulationBytes && isMontgomeryPoint(bytes.subarray(-x25519KeyBytes))
}

/** undefined when the bytes are no wrap key, or the library refuses what counts: only the owner of that key goes without. */
export async function wrap(
  publicKey: Uint8Array,
  label: string,
  context: readonly Value[],
  plaintext: Uint8Array,
): Promise<Wrapped | undefined> {
  const key = await importPublicKey(publicKey)
  if (key === undefined) return undefined
  try {
    const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plaintext, { info: encode([label, ...context]) })
    return { encapsulation: encapsulatedSecret as Bytes, ciphertext: ciphertext as Bytes }
  } catch (error) {
    if (error instanceof EncapError || error instanceof ValidationError) return undefined
    throw error
  }
}

const imported = new Map<string, Key>()

async function importPublicKey(publicKey: Uint8Array): Promise<Key | undefined> {
  const name = hex(publicKey)
  const known = imported.get(name)
  if (known !== undefined) return known
  if (!isWrapKey(publicKey)) return undefined
  try {
    const key = await suite.DeserializePublicKey(publicKey)
    if (imported.size >= publicKeysCachedMax) imported.clear()
    imported.set(name, key)
    return key
  } catch {
    return undefined
  }
}
