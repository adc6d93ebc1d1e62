/**
 * Tickets: one line of text that admits a further node or a person to the cluster.
 *
 *   conclave-node-1.<base64url of: length (2 bytes) ‖ payload ‖ checksum (6 bytes)>, conclave-person-1.…
 *
 * The payload is a deterministic CBOR array. The checksum (truncated SHA-256 of kind and payload) detects copying errors;
 * that a ticket was issued is checked against its digest in the store (ticket-record.ts). A ticket contains a key of its
 * own with a certificate, good for one enrolment (enrol.ts); a node's is sealed under a separate code.
 */
import { createHash, X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { concat, equalBytes, fromHex, hex, utf8, type Bytes } from '../../base/bytes.ts'
import { decode, encode, type Value } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'

interface TicketBase {
  /** 32 random hexadecimal digits. */
  readonly id: string
  /** 16 hexadecimal digits. */
  readonly clusterId: string
  /** Milliseconds since the Unix epoch, whole seconds. */
  readonly expires: number
  /** Client addresses host:port. */
  readonly endpoints: readonly string[]
  /** The authority's certificate, DER. */
  readonly authority: Bytes
  /** The ticket's own, DER. */
  readonly certificate: Bytes
}

export interface NodeTicket extends TicketBase {
  readonly kind: 'node'
  /** Keeps etcds of different clusters apart until they have a cluster id. */
  readonly token: string
  /** Whether the cluster uses etcd's default timers; all nodes must agree. */
  readonly wan: boolean
  /** The scalar of the ticket's private key, sealed under the code. */
  readonly sealedKey: Bytes
}

export interface PersonTicket extends TicketBase {
  readonly kind: 'person'
  readonly name: string
  /** Of the ticket's private key. */
  readonly scalar: Bytes
}

export type Ticket = NodeTicket | PersonTicket

/** Longer text is rejected unread. */
const ticketCharsMax = 8192
const checksumBytes = 6

const bytes = (min: number, max: number): z.ZodType<Bytes> =>
  z.custom<Bytes>((value) => value instanceof Uint8Array && value.length >= min && value.length <= max)
const certificate = bytes(64, 2048).refine(isCertificate)
const base = [
  bytes(16, 16),
  bytes(8, 8),
  z
    .int()
    .min(0)
    .max(2 ** 40),
  z
    .array(z.string().regex(/^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}$/))
    .min(1)
    .max(16),
  certificate,
] as const
const payloads = {
  node: z.tuple([...base, z.string().min(1).max(128), z.boolean(), certificate, bytes(48, 48)]),
  person: z.tuple([...base, z.string().regex(/^[A-Za-z0-9_-]{2,32}$/), certificate, bytes(32, 32)]),
}

/** The checksum does not protect against a forged ticket, so the content is checked too. */
function isCertificate(der: Bytes): boolean {
  try {
    return new X509Certificate(der).publicKey.type === 'public'
  } catch {
    return false
  }
}

export function encodeTicket(ticket: Ticket): string {
  const payload = payloadOf(ticket)
  const length = Uint8Array.of(payload.length >> 8, payload.length & 0xff)
  const whole = concat(length, payload, checksum(ticket.kind, payload))
  return `conclave-${ticket.kind}-1.${Buffer.from(whole).toString('base64url')}`
}

/** SHA-256 of the payload, hexadecimal: what the store records of an issued ticket. */
export function ticketDigest(ticket: Ticket): string {
  return createHash('sha256').update(payloadOf(ticket)).digest('hex')
}

/** White space is ignored. @throws usage when it is not a ticket, incomplete or altered */
export function decodeTicket(text: string): Ticket {
  const compact = text.replace(/\s/g, '')
  const match = /^conclave-(node|person)-([0-9]+)\.([A-Za-z0-9_-]*)$/.exec(compact)
  if (match === null || compact.length > ticketCharsMax) {
    throw bad(/^conclave-(node|person)-/.test(compact) ? 'This ticket was altered' : 'This is not a ticket')
  }
  const kind = match[1] as Ticket['kind']
  if (match[2] !== '1') {
    throw new ConclaveError('usage', 'This ticket is from a newer Conclave', {
      hint: 'Update Conclave on this machine.',
    })
  }
  const whole = new Uint8Array(Buffer.from(match[3] ?? '', 'base64url'))
  const length = whole.length < 2 ? Infinity : ((whole[0] ?? 0) << 8) | (whole[1] ?? 0)
  if (whole.length < 2 + length + checksumBytes) throw bad('This ticket is incomplete')
  const payload = whole.slice(2, 2 + length)
  if (!equalBytes(whole.subarray(2 + length), checksum(kind, payload))) throw bad('This ticket was altered')
  return readPayload(kind, payload)
}

/** @throws not-allowed when it has expired */
export function checkExpiry(ticket: Ticket, now = Date.now()): void {
  if (now < ticket.expires) return
  throw new ConclaveError('not-allowed', `This ticket expired at ${new Date(ticket.expires).toISOString()}`, {
    hint: `Ask for a new one: \`${inviteCommand(ticket.kind)}\` on a node. If it was just issued, compare the clocks of the two machines.`,
  })
}

export function inviteCommand(kind: Ticket['kind']): string {
  return kind === 'node' ? 'conclave node invite' : 'conclave node invite --client NAME'
}

/** The plaintext part of a node's ticket: associated data of the sealed key. */
export function plainPart(ticket: Omit<NodeTicket, 'sealedKey'>): Value[] {
  return [...basePart(ticket), ticket.token, ticket.wan, ticket.certificate]
}

function payloadOf(ticket: Ticket): Bytes {
  return encode(
    ticket.kind === 'node'
      ? [...plainPart(ticket), ticket.sealedKey]
      : [...basePart(ticket), ticket.name, ticket.certificate, ticket.scalar],
  )
}

function basePart(ticket: TicketBase): Value[] {
  const { id, clusterId, expires, endpoints, authority } = ticket
  return [fromHex(id), fromHex(clusterId), Math.floor(expires / 1000), [...endpoints], authority]
}

function readPayload(kind: Ticket['kind'], payload: Bytes): Ticket {
  try {
    const value = decode(payload)
    if (kind === 'node') {
      const [id, clusterId, expires, endpoints, authority, token, wan, own, sealedKey] = payloads.node.parse(value)
      return { kind, ...baseOf(id, clusterId, expires), endpoints, authority, token, wan, certificate: own, sealedKey }
    }
    const [id, clusterId, expires, endpoints, authority, name, certificate, scalar] = payloads.person.parse(value)
    return { kind, ...baseOf(id, clusterId, expires), endpoints, authority, name, certificate, scalar }
  } catch (cause) {
    throw bad('This ticket was altered', cause)
  }
}

function baseOf(id: Bytes, clusterId: Bytes, expires: number): Pick<TicketBase, 'id' | 'clusterId' | 'expires'> {
  return { id: hex(id), clusterId: hex(clusterId), expires: expires * 1000 }
}

function checksum(kind: Ticket['kind'], payload: Bytes): Bytes {
  return new Uint8Array(
    createHash('sha256')
      .update(utf8(`conclave ticket ${kind} 1\n`))
      .update(payload)
      .digest(),
  ).slice(0, checksumBytes)
}

function bad(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError('usage', message, {
    hint: 'Copy the whole line: it starts with conclave-node-1. or conclave-person-1. and has no spaces.',
    cause,
  })
}
