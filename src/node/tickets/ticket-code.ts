/**
 * The one-time code of a node's ticket, and the ticket's private key sealed under it.
 *
 * The code has 60 random bits and is shown separately: the ticket alone is of no use. Key and nonce are derived from the
 * code with argon2id, salted with the ticket's id, so neither is ever reused.
 */
import { argon2, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { fromHex } from '../../base/bytes.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { openScalar, privateKeyOf, scalarOf, sealingBytes, sealScalar } from './private-key.ts'
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
  throw new ConclaveError('usage', 'This is not a ticket code', {
    hint: 'It looks like XXXX-XXXX-XXXX and was shown with the ticket.',
  })
}

export async function sealTicketKey(
  code: string,
  ticket: Omit<NodeTicket, 'sealedKey'>,
  key: string,
): Promise<NodeTicket> {
  return { ...ticket, sealedKey: sealScalar(await keysOf(code, ticket.id), scalarOf(key), encode(plainPart(ticket))) }
}

/** @returns the ticket's private key, PEM. @throws wrong-password for a wrong code */
export async function openTicketKey(code: string, ticket: NodeTicket): Promise<string> {
  const scalar = openScalar(await keysOf(code, ticket.id), ticket.sealedKey, encode(plainPart(ticket)))
  if (scalar !== undefined) return privateKeyOf(ticket.certificate, scalar)
  throw new ConclaveError('wrong-password', 'Wrong code for this ticket', {
    hint: 'Each ticket has its own code, shown when the ticket was issued.',
  })
}

async function keysOf(code: string, ticketId: string): Promise<Buffer> {
  const message = Buffer.from(normalizeCode(code))
  const options = { message, nonce: fromHex(ticketId), parallelism: 1, memory: 65_536, passes: 3 }
  return stretch('argon2id', { ...options, tagLength: sealingBytes })
}
