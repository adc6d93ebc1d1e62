/**
 * The one-time code of a node's ticket, and the authority's key sealed under it.
 *
 * The code has 60 random bits and is shown separately: the ticket alone does not reveal the authority's key. Key and
 * nonce are derived from the code with argon2id, salted with the ticket's id, so neither is ever reused.
 */
import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createPrivateKey,
  randomInt,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { fromHex, type Bytes } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { plainPart, type NodeTicket } from './ticket.ts'

/** Crockford's Base32, without I, L, O and U. https://www.crockford.com/base32.html */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeChars = 12
const stretch = promisify(argon2)

/** XXXX-XXXX-XXXX. */
export function newCode(): string {
  const chars = Array.from({ length: codeChars }, () => alphabet[randomInt(32)]).join('')
  return chars.replace(/(.{4})(?=.)/g, '$1-')
}

/** Reads letters that look like digits as digits. @throws usage for anything but a code */
export function normalizeCode(text: string): string {
  const chars = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if (chars.length === codeChars && [...chars].every((char) => alphabet.includes(char))) return chars
  throw new ConclaveError('usage', 'this is not a ticket code', {
    hint: 'It looks like XXXX-XXXX-XXXX and was shown with the ticket.',
  })
}

export async function sealAuthorityKey(
  code: string,
  ticket: Omit<NodeTicket, 'sealedKey'>,
  key: string,
): Promise<NodeTicket> {
  const { secret, nonce } = await keysOf(code, ticket.id)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(encode(plainPart(ticket)))
  const sealed = Buffer.concat([cipher.update(scalarOf(key)), cipher.final(), cipher.getAuthTag()])
  return { ...ticket, sealedKey: new Uint8Array(sealed) }
}

/** @returns the authority's private key, PEM. @throws wrong-password for a wrong code */
export async function openAuthorityKey(code: string, ticket: NodeTicket): Promise<string> {
  const { secret, nonce } = await keysOf(code, ticket.id)
  const { sealedKey } = ticket
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce)
  decipher.setAAD(encode(plainPart(ticket))).setAuthTag(sealedKey.subarray(32))
  let scalar
  try {
    scalar = Buffer.concat([decipher.update(sealedKey.subarray(0, 32)), decipher.final()])
  } catch (cause) {
    throw new ConclaveError('wrong-password', 'wrong code for this ticket', {
      hint: 'Each ticket has its own code, shown when the ticket was issued.',
      cause,
    })
  }
  return privateKeyOf(ticket.authority, scalar)
}

/** The private scalar of a P-256 key, 32 bytes; with the certificate it restores the key. */
export function scalarOf(key: string): Bytes {
  return new Uint8Array(Buffer.from(createPrivateKey(key).export({ format: 'jwk' }).d ?? '', 'base64url'))
}

/** @throws tampering when the scalar does not belong to the certificate's key */
export function privateKeyOf(certificateDer: Uint8Array, scalar: Uint8Array): string {
  const jwk = new X509Certificate(certificateDer).publicKey.export({ format: 'jwk' })
  // Importing a key does not check that its two halves match.
  if (publicPointOf(scalar) !== `${jwk.x}.${jwk.y}`) {
    throw new ConclaveError('tampering', 'the key in this ticket does not match its certificate', {
      hint: 'It was tampered with in transit. Ask for a new one over a channel you trust.',
    })
  }
  const key = createPrivateKey({ key: { ...jwk, d: Buffer.from(scalar).toString('base64url') }, format: 'jwk' })
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
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

async function keysOf(code: string, ticketId: string): Promise<{ secret: Buffer; nonce: Buffer }> {
  const message = Buffer.from(normalizeCode(code))
  const options = { message, nonce: fromHex(ticketId), parallelism: 1, tagLength: 44, memory: 65_536, passes: 3 }
  const derived = await stretch('argon2id', options)
  return { secret: derived.subarray(0, 32), nonce: derived.subarray(32) }
}
