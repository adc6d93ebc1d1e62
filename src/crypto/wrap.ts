/**
 * HPKE (RFC 9180), base mode, single shot: MLKEM768-X25519 (X-Wing), HKDF-SHA256, AES-256-GCM.
 *
 * Public keys are 1,216 bytes, private keys the 32-byte seed, an encapsulation 1,120 bytes. About a millisecond each way.
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
import { publicKeysCachedMax } from '../base/limits.ts'

export const wrapKeyBytes = 1216
export const wrapSeedBytes = 32
export const encapsulationBytes = 1120

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
      if (wrapped.encapsulation.length !== encapsulationBytes) return undefined
      try {
        const info = encode([label, ...context])
        return (await suite.Open(privateKey, wrapped.encapsulation, wrapped.ciphertext, { info })) as Bytes
      } catch {
        return undefined
      }
    },
  }
}

/** undefined when the bytes are not a public key, or one of those to which nothing can be sealed (a point of low order). */
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
  if (publicKey.length !== wrapKeyBytes) return undefined
  const name = hex(publicKey)
  const known = imported.get(name)
  if (known !== undefined) return known
  try {
    const key = await suite.DeserializePublicKey(publicKey)
    if (imported.size >= publicKeysCachedMax) imported.clear()
    imported.set(name, key)
    return key
  } catch {
    return undefined
  }
}
