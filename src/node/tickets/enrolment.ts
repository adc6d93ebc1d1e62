/**
 * What a machine and a node exchange through the store so that a node certifies a key. A machine asks under
 * enrol/ask/…, a node answers under enrol/answer/… and deletes the question. Both parts are signed or certified: the
 * store's access control keeps others from interfering, but nothing relies on it.
 */
import { createHash, createPrivateKey, sign, verify, type KeyObject } from 'node:crypto'
import { concat, hex, prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../../base/codec.ts'
import { publicKeyBytes, sealedForBytes } from './private-key.ts'
import { isTicketRefusal, type TicketRefusal } from './ticket-record.ts'

/** Of a ticket's holder, by the ticket's id; or of a person who renews, by the serial number of their certificate. */
export type Asker = { readonly ticket: string } | { readonly person: string }

const asksPrefix = utf8('enrol/ask/')
const answersPrefix = utf8('enrol/answer/')
export const asksRange = { start: asksPrefix, end: prefixEnd(asksPrefix) }
export const answersRange = { start: answersPrefix, end: prefixEnd(answersPrefix) }

export const askKey = (asker: Asker): Bytes => concat(asksPrefix, utf8(nameOf(asker)))
export const answerKey = (asker: Asker): Bytes => concat(answersPrefix, utf8(nameOf(asker)))

/** Undefined for any other key. */
export function askerOf(key: Bytes): Asker | undefined {
  const text = Buffer.from(key).toString('latin1')
  const match = /^enrol\/(?:ask|answer)\/(?:ticket\/([0-9a-f]{32})|person\/(01[0-9a-f]{24}))$/.exec(text)
  if (match?.[1] !== undefined) return { ticket: match[1] }
  return match?.[2] === undefined ? undefined : { person: match[2] }
}

/** Asks for a certificate (a node: for the authority's key), or reports that the answer has arrived. */
export interface TicketAsk {
  readonly what: 'enrol' | 'done'
  /** Of the ticket, as its holder has it. */
  readonly digest: string
  /** The machine's own, SPKI. */
  readonly publicKey: Bytes
}

/** @param ticketKey PEM */
export function encodeAsk(id: string, ask: TicketAsk, ticketKey: string): Bytes {
  const fields = [ask.what, ask.digest, ask.publicKey]
  return encode([...fields, signed('enrolment', [id, ...fields], ticketKey)])
}

/** Undefined when it is invalid, or not signed with the ticket's key. */
export function decodeAsk(id: string, value: Bytes, ticketKey: KeyObject): TicketAsk | undefined {
  return reading(() => {
    const fields = Fields.decode(value, 4)
    const what = fields.text(8)
    if (what !== 'enrol' && what !== 'done') return undefined
    const ask = { what, digest: fields.text(64), publicKey: fields.fixed(publicKeyBytes) } as const
    const said = [id, ask.what, ask.digest, ask.publicKey]
    return isSigned('enrolment', said, fields.bytes(signatureBytesMax), ticketKey) ? ask : undefined
  })
}

/** To whom a certificate belongs, DER, with a proof that they have its key. */
export function encodeRenewal(certificate: Uint8Array, key: string): Bytes {
  return encode([certificate, signed('renewal', [certificate], key)])
}

/** The certificate, DER; undefined when the question is invalid. @param keyOf of a certificate that this cluster issued */
export function decodeRenewal(value: Bytes, keyOf: (certificate: Bytes) => KeyObject | undefined): Bytes | undefined {
  return reading(() => {
    const fields = Fields.decode(value, 2)
    const certificate = fields.bytes(certificateBytesMax)
    const key = keyOf(certificate)
    const signature = fields.bytes(signatureBytesMax)
    return key !== undefined && isSigned('renewal', [certificate], signature, key) ? certificate : undefined
  })
}

export interface Answer {
  /** The hash of the key that was certified. */
  readonly claim: string
  /** DER; null for a node, and for a refusal. */
  readonly certificate: Bytes | null
  /** The authority's key, sealed for a node's machine. */
  readonly sealedKey: Bytes | null
  readonly refusal: TicketRefusal | null
}

export function claimOf(publicKey: Uint8Array): string {
  return hex(new Uint8Array(createHash('sha256').update(publicKey).digest()))
}

export function encodeAnswer({ claim, certificate, sealedKey, refusal }: Answer): Bytes {
  return encode([claim, certificate, sealedKey, refusal])
}

/** Undefined for an invalid one. */
export function decodeAnswer(value: Bytes): Answer | undefined {
  return reading(() => {
    const fields = Fields.decode(value, 4)
    const claim = fields.text(64)
    const certificate = fields.nullable((one) => one.bytes(certificateBytesMax))
    const sealedKey = fields.nullable((one) => one.fixed(sealedForBytes))
    const refusal = fields.nullable((one) => one.text(16))
    if (refusal !== null && !isTicketRefusal(refusal)) return undefined
    return { claim, certificate, sealedKey, refusal }
  })
}

const certificateBytesMax = 2048
/** ECDSA on P-256, DER. */
const signatureBytesMax = 72

function nameOf(asker: Asker): string {
  return 'ticket' in asker ? `ticket/${asker.ticket}` : `person/${asker.person}`
}

function said(purpose: string, fields: Value[]): Uint8Array {
  return encode([`conclave ${purpose} 1`, ...fields])
}

function signed(purpose: string, fields: Value[], key: string): Bytes {
  return new Uint8Array(sign('sha256', said(purpose, fields), createPrivateKey(key)))
}

function isSigned(purpose: string, fields: Value[], signature: Bytes, key: KeyObject): boolean {
  return verify('sha256', said(purpose, fields), key, signature)
}

function reading<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
