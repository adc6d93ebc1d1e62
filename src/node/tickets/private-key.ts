/** Private keys (P-256) in transit: 32 bytes, sealed with AES-256-GCM under a key that is used once. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { concat, emptyBytes, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { newKey, publicKeyOf } from '../certificates/authority.ts'

/** An AES key and a nonce. */
export const sealingBytes = 44
const scalarBytes = 32
const sealedBytes = scalarBytes + 16
/** SPKI of a P-256 key. */
export const publicKeyBytes = 91
/** What `sealFor` adds to a scalar. */
export const sealedForBytes = publicKeyBytes + sealedBytes

/** The private scalar of a P-256 key, 32 bytes; with the certificate it restores the key. */
export function scalarOf(key: string): Bytes {
  return new Uint8Array(Buffer.from(createPrivateKey(key).export({ format: 'jwk' }).d ?? '', 'base64url'))
}

/** @throws tampering when the scalar does not belong to the certificate's key */
export function privateKeyOf(certificateDer: Uint8Array, scalar: Uint8Array): string {
  const jwk = new X509Certificate(certificateDer).publicKey.export({ format: 'jwk' })
  // Importing a key does not check that its two halves match.
  if (publicPointOf(scalar) !== `${jwk.x}.${jwk.y}`) {
    throw new ConclaveError('tampering', 'The key in this ticket does not match its certificate', {
      hint: 'It was tampered with in transit. Ask for a new one over a channel you trust.',
    })
  }
  const key = createPrivateKey({ key: { ...jwk, d: Buffer.from(scalar).toString('base64url') }, format: 'jwk' })
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** Undefined when it is no public key on P-256. @param publicKey SPKI */
export function readPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined
  } catch {
    return undefined
  }
}

export function sealScalar(under: Uint8Array, scalar: Uint8Array, context: Uint8Array): Bytes {
  const cipher = createCipheriv('aes-256-gcm', under.subarray(0, 32), under.subarray(32)).setAAD(context)
  return concat(cipher.update(scalar), cipher.final(), cipher.getAuthTag())
}

/** Undefined unless it was sealed under the same key, with the same context. */
export function openScalar(under: Uint8Array, sealed: Uint8Array, context: Uint8Array): Bytes | undefined {
  if (sealed.length !== sealedBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', under.subarray(0, 32), under.subarray(32))
  decipher.setAAD(context).setAuthTag(sealed.subarray(scalarBytes))
  try {
    return concat(decipher.update(sealed.subarray(0, scalarBytes)), decipher.final())
  } catch {
    return undefined
  }
}

/** Only the owner of that key can open it. @param publicKey SPKI, valid */
export function sealFor(publicKey: Uint8Array, scalar: Uint8Array): Bytes {
  const ephemeral = newKey()
  const sender = publicKeyOf(ephemeral)
  return concat(sender, sealScalar(agree(ephemeral, publicKey, concat(sender, publicKey)), scalar, emptyBytes))
}

/** Undefined unless it was sealed for that key. @param key PEM */
export function openSealedFor(key: string, sealed: Uint8Array): Bytes | undefined {
  const sender = sealed.subarray(0, publicKeyBytes)
  if (readPublicKey(sender) === undefined) return undefined
  const under = agree(key, sender, concat(sender, publicKeyOf(key)))
  return openScalar(under, sealed.subarray(publicKeyBytes), emptyBytes)
}

function agree(key: string, publicKey: Uint8Array, both: Uint8Array): Uint8Array {
  const shared = diffieHellman({
    privateKey: createPrivateKey(key),
    publicKey: createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }),
  })
  return new Uint8Array(hkdfSync('sha256', shared, both, 'conclave authority key 1', sealingBytes))
}

/** x.y as in a JWK; empty for an invalid private key. */
function publicPointOf(scalar: Uint8Array): string {
  const pair = createECDH('prime256v1')
  try {
    pair.setPrivateKey(scalar)
  } catch {
    return ''
  }
  const point = pair.getPublicKey()
  return `${point.toString('base64url', 1, 33)}.${point.toString('base64url', 33)}`
}
