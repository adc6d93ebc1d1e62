/**
 * The one-time code of a node's ticket, and the authority's key sealed under it.
 *
 * The code has 60 random bits and is shown apart, so that whoever comes by the ticket alone does not hold the cluster's
 * authority. It is stretched with argon2id, salted with the ticket's id; key and nonce are both drawn from it, so
 * neither is ever used twice.
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
import { openPart, type NodeTicket } from './ticket.ts'

/** Crockford's base 32: without I, L, O and U. https://www.crockford.com/base32.html */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeChars = 12
const stretch = promisify(argon2)

/** XXXX-XXXX-XXXX. */
export function newCode(): string {
  const chars = Array.from({ length: codeChars }, () => alphabet[randomInt(32)]).join('')
  return chars.replace(/(.{4})(?=.)/g, '$1-')
}

/** @throws usage unless it has the form of a code; letters that look like digits are read as them */
export function normalizeCode(text: string): string {
  const chars = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  if (chars.length === codeChars && [...chars].every((char) => alphabet.includes(char))) return chars
  throw new ConclaveError('usage', 'this is not the code of a ticket', {
    hint: 'It has the form XXXX-XXXX-XXXX and was shown beside the ticket.',
  })
}

export async function sealAuthorityKey(
  code: string,
  open: Omit<NodeTicket, 'sealedKey'>,
  key: string,
): Promise<NodeTicket> {
  const { secret, nonce } = await keysOf(code, open.id)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(encode(openPart(open)))
  const sealed = Buffer.concat([cipher.update(scalarOf(key)), cipher.final(), cipher.getAuthTag()])
  return { ...open, sealedKey: new Uint8Array(sealed) }
}

/** @returns the authority's private key, PEM. @throws wrong-password for a wrong code */
export async function openAuthorityKey(code: string, ticket: NodeTicket): Promise<string> {
  const { secret, nonce } = await keysOf(code, ticket.id)
  const { sealedKey } = ticket
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce)
  decipher.setAAD(encode(openPart(ticket))).setAuthTag(sealedKey.subarray(32))
  let scalar
  try {
    scalar = Buffer.concat([decipher.update(sealedKey.subarray(0, 32)), decipher.final()])
  } catch (cause) {
    throw new ConclaveError('wrong-password', 'the code does not open this ticket', {
      hint: 'The code was shown beside the ticket; each ticket has its own.',
      cause,
    })
  }
  return privateKeyOf(ticket.authority, scalar)
}

/** The private scalar of a P-256 key, 32 bytes: with the certificate beside it, all there is to know. */
export function scalarOf(key: string): Bytes {
  return new Uint8Array(Buffer.from(createPrivateKey(key).export({ format: 'jwk' }).d ?? '', 'base64url'))
}

/** @throws tampering when the scalar does not belong to the certificate's key */
export function privateKeyOf(certificateDer: Uint8Array, scalar: Uint8Array): string {
  const jwk = new X509Certificate(certificateDer).publicKey.export({ format: 'jwk' })
  // Importing a key does not compare its two halves.
  if (publicPointOf(scalar) !== `${jwk.x}.${jwk.y}`) {
    throw new ConclaveError('tampering', 'the key in this ticket is not that of its certificate', {
      hint: 'Somebody changed it on its way: ask for a new one, over a way that you trust.',
    })
  }
  const key = createPrivateKey({ key: { ...jwk, d: Buffer.from(scalar).toString('base64url') }, format: 'jwk' })
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** x.y as in a JWK; empty for a number that is no private key. */
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
  const drawn = await stretch('argon2id', options)
  return { secret: drawn.subarray(0, 32), nonce: drawn.subarray(32) }
}
