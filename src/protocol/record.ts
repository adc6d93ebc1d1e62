/** The two kinds of record in a room's log, as anyone can read them: a message, or a change of the room (control). */
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { bytes, fixed, list, nullable, tuple, unsigned, type Held, type Tuple } from '../base/format.ts'
import { controlRecordBytesMax, messageRecordBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { encapsulationBytes, type Wrapped } from '../crypto/wrap.ts'
import { nonceBytes, tagBytes } from '../crypto/seal.ts'
import { epochSecretBytes, epochSeedBytes, type EpochLink } from './epoch.ts'
import { labels } from './version.ts'

const messageKind = 1
const controlKind = 2
const linksMax = 2
export const entryTagBytes = 16

const messageOuter = tuple({
  version: unsigned(),
  suite: unsigned(),
  epoch: unsigned(),
  nonce: fixed(nonceBytes),
  ciphertext: bytes(messageRecordBytesMax),
})
export type MessageOuter = Held<typeof messageOuter>

const link: Tuple<EpochLink> = tuple({
  of: fixed(hashBytes),
  to: unsigned(),
  nonce: fixed(nonceBytes),
  sealed: fixed(epochSeedBytes + tagBytes),
})

/** The row of a page: the opening that names it says where the epoch begins. */
export const wrappedSecret: Tuple<Wrapped> = tuple({
  encapsulation: fixed(encapsulationBytes),
  ciphertext: fixed(epochSecretBytes + tagBytes),
})

const wrappedSeed: Tuple<Wrapped> = tuple({
  encapsulation: fixed(encapsulationBytes),
  ciphertext: fixed(epochSeedBytes + tagBytes),
})

/** For one person: the first bytes of a knock's hash, and the current epoch's seed if they are let in. */
const entry = tuple({ tag: fixed(entryTagBytes), wrapped: nullable(wrappedSeed) })
export type Entry = Held<typeof entry>

/** What a control record's signature and seal cover although it is in the clear. */
const controlHeader = tuple({
  version: unsigned(),
  suite: unsigned(),
  i: unsigned(),
  n: unsigned(),
  /** Hash and index of the control record before this one; zeros and 0 for genesis. */
  previousHead: fixed(hashBytes),
  previousHeadIndex: unsigned(),
  /** Hash of log/(i−1); zeros for genesis. */
  previousHash: fixed(hashBytes),
  /** The epoch in force after this record. */
  epoch: unsigned(),
  /** The epoch whose body key seals this record. */
  under: unsigned(),
  /** Of the epoch that this record opens; null when it opens none. */
  confirm: nullable(fixed(hashBytes)),
  links: list(link, linksMax),
  /** Names the wrap pages of the epoch that this record opens. */
  wraps: nullable(fixed(hashBytes)),
  entry: nullable(entry),
})
export type ControlHeader = Held<typeof controlHeader>

export interface ControlOuter {
  readonly header: ControlHeader
  readonly nonce: Bytes
  readonly ciphertext: Bytes
}

export type LogRecord =
  | { readonly kind: 'message'; readonly outer: MessageOuter }
  | { readonly kind: 'control'; readonly outer: ControlOuter }

/** Over the whole record. */
export function recordHash(record: Bytes): Bytes {
  return hash(labels.record, record)
}

export function encodeMessageOuter(outer: MessageOuter): Bytes {
  return encode([messageKind, ...messageOuter.values(outer)])
}

export function encodeControlOuter({ header, nonce, ciphertext }: ControlOuter): Bytes {
  return encode([controlKind, ...headerValues(header), nonce, ciphertext])
}

/** The clear fields in order: what the signature and the seal's associated data cover. */
export function headerValues(header: ControlHeader): readonly Value[] {
  return controlHeader.values(header)
}

/** @throws FormatError when the bytes are no record at all. */
export function decodeRecord(record: Bytes): LogRecord {
  if (record.length > Math.max(messageRecordBytesMax, controlRecordBytesMax)) throw new FormatError('record too long')
  if (isMessage(record)) return { kind: 'message', outer: decodeMessageOuter(record) }
  return { kind: 'control', outer: decodeControlOuter(record) }
}

/** A message is an array of 6, a control record one of 16: the first byte tells, if it is a record at all. */
export function isMessage(record: Bytes): boolean {
  return record[0] === 0x86
}

function decodeMessageOuter(record: Bytes): MessageOuter {
  return messageOuter.readAll(fieldsOf(record, messageKind, messageOuter.count))
}

function decodeControlOuter(record: Bytes): ControlOuter {
  const fields = fieldsOf(record, controlKind, controlHeader.count + 2)
  const header = controlHeader.readAll(fields)
  return { header, nonce: fields.fixed(nonceBytes), ciphertext: fields.bytes(controlRecordBytesMax) }
}

function fieldsOf(record: Bytes, kind: number, count: number): Fields {
  const fields = Fields.decode(record, count + 1)
  if (fields.unsigned() !== kind) throw new FormatError('record of another kind')
  return fields
}
