/**
 * Serial numbers of certificates, hexadecimal. Those of people and tickets contain the end of their validity, so that
 * users and revocations which are out of date are recognized without any record.
 */
import { createHash, randomBytes } from 'node:crypto'
import { hex } from '../../base/bytes.ts'

const day = 86_400_000
/** Clients renew theirs through a node once less than a third is left (tickets/enrol.ts). */
export const personDays = 90
/** What a renewal adds: as much as has passed when it is due. */
const renewedDays = 60
/** etcd's superuser. */
const reservedName = 'root'
/** The first byte: positive and not zero (RFC 5280 §4.1.2.2). */
const kinds = { person: '01', ticket: '02', node: '03' } as const

export interface PersonOfUser {
  readonly name: string
  readonly serial: string
  /** Milliseconds since the Unix epoch. */
  readonly expires: number
}

/** @throws RangeError for an invalid name, or one with another meaning for etcd */
export function requireName(name: string): void {
  if (!/^[A-Za-z0-9_-]{2,32}$/.test(name) || name.toLowerCase() === reservedName)
    throw new RangeError(`not a name: ${name}`)
}

/** The person and serial number behind an etcd user; undefined for any other user. */
export function personOf(user: string): PersonOfUser | undefined {
  const match = /^([A-Za-z0-9_-]{2,32})\.(01[0-9a-f]{24})$/.exec(user)
  if (match === null) return undefined
  const serial = match[2] as string
  return { name: match[1] as string, serial, expires: expiryOf(serial) ?? 0 }
}

/** 13 bytes, so that with a name it fits a common name's 64 characters. */
export function newSerial(): string {
  return `${kinds.node}${hex(randomBytes(12))}`
}

export function newPersonSerial(now = Date.now()): string {
  return expiringSerial('person', now + personDays * day)
}

/** The same for each attempt, so that a certificate has one successor. */
export function renewedSerial(serial: string): string {
  const unique = createHash('sha256').update(`conclave renewal 1\n${serial}`).digest()
  return expiringSerial('person', (expiryOf(serial) ?? 0) + renewedDays * day, unique)
}

/** @param expires milliseconds, rounded down to seconds; @param unique at least 64 bits that others can't foresee */
export function expiringSerial(
  kind: 'person' | 'ticket',
  expires: number,
  unique: Uint8Array = randomBytes(8),
): string {
  const seconds = Math.floor(expires / 1000)
  return `${kinds[kind]}${seconds.toString(16).padStart(8, '0')}${hex(unique.subarray(0, 8))}`
}

/** Milliseconds since the Unix epoch; undefined when the serial number does not tell. */
export function expiryOf(serial: string): number | undefined {
  return /^0[12][0-9a-f]{24}$/.test(serial) ? parseInt(serial.slice(2, 10), 16) * 1000 : undefined
}

export function isPersonSerial(serial: string): boolean {
  return serial.startsWith(kinds.person)
}
