/** The two records of a room's log, as they stand in the clear: a message, or a change of the room (control). */
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { controlRecordBytesMax, messageRecordBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { encapsulationBytes, type Wrapped } from '../crypto/wrap.ts'
import { nonceBytes, tagBytes } from '../crypto/seal.ts'
import { epochSecretBytes, type EpochLink } from './epoch.ts'
import { labels } from './version.ts'

const messageKind = 1
const controlKind = 2
const linksMax = 2
export const entryTagBytes = 16
const sealedSecretBytes = epochSecretBytes + tagBytes

export interface MessageOuter {
  readonly version: number
  readonly suite: number
  readonly epoch: number
  readonly nonce: Bytes
  readonly ciphertext: Bytes
}

/** For whom a record holds something: the first bytes of a knock's hash, and the current epoch's secret when he is let in. */
export interface Entry {
  readonly tag: Bytes
  readonly wrapped: Wrapped | null
}

/** Everything of a control record that its signature and its seal cover but that stands in the clear. */
export interface ControlHeader {
  readonly version: number
  readonly suite: number
  readonly i: number
  readonly n: number
  /** Hash and index of the control record before this one; zeros and 0 for genesis. */
  readonly previousHead: Bytes
  readonly previousHeadIndex: number
  /** Hash of log/(i−1); zeros for genesis. */
  readonly previousHash: Bytes
  /** The epoch in force after this record. */
  readonly epoch: number
  /** The epoch whose body key seals this record. */
  readonly under: number
  /** Of the epoch that this record opens; null when it opens none. */
  readonly confirm: Bytes | null
  readonly links: readonly EpochLink[]
  /** Names the wrap pages of the epoch that this record opens. */
  readonly wraps: Bytes | null
  readonly entry: Entry | null
}

export interface ControlOuter {
  readonly header: ControlHeader
  readonly nonce: Bytes
  readonly ciphertext: Bytes
}

export type LogRecord =
  | { readonly kind: 'message'; readonly outer: MessageOuter }
  | { readonly kind: 'control'; readonly outer: ControlOuter }

/** Over the whole outer bytes. */
export function recordHash(bytes: Bytes): Bytes {
  return hash(labels.record, bytes)
}

export function encodeMessageOuter(outer: MessageOuter): Bytes {
  return encode([messageKind, outer.version, outer.suite, outer.epoch, outer.nonce, outer.ciphertext])
}

export function encodeControlOuter(outer: ControlOuter): Bytes {
  return encode([controlKind, ...headerValues(outer.header), outer.nonce, outer.ciphertext])
}

/** The clear fields in order: what the signature and the seal's associated data cover. */
export function headerValues(o: ControlHeader): readonly Value[] {
  const links = o.links.map((link) => [link.of, link.to, link.nonce, link.sealed])
  const wrapped = o.entry?.wrapped
  const entry = o.entry && [o.entry.tag, wrapped ? [wrapped.encapsulation, wrapped.ciphertext] : null]
  const chain = [o.i, o.n, o.previousHead, o.previousHeadIndex, o.previousHash]
  return [o.version, o.suite, ...chain, o.epoch, o.under, o.confirm, links, o.wraps, entry]
}

/** @throws FormatError when the bytes are no record at all. */
export function decodeRecord(bytes: Bytes): LogRecord {
  if (bytes.length > Math.max(messageRecordBytesMax, controlRecordBytesMax)) throw new FormatError('record too long')
  if (isMessage(bytes)) return { kind: 'message', outer: decodeMessageOuter(bytes) }
  return { kind: 'control', outer: decodeControlOuter(bytes) }
}

/** A message is an array of 6, a control record one of 16: the first byte tells, if it is a record at all. */
export function isMessage(bytes: Bytes): boolean {
  return bytes[0] === 0x86
}

function decodeMessageOuter(bytes: Bytes): MessageOuter {
  const fields = Fields.decode(bytes, 6)
  expectKind(fields, messageKind)
  return {
    version: fields.unsigned(),
    suite: fields.unsigned(),
    epoch: fields.unsigned(),
    nonce: fields.fixed(nonceBytes),
    ciphertext: fields.bytes(messageRecordBytesMax),
  }
}

function decodeControlOuter(bytes: Bytes): ControlOuter {
  const fields = Fields.decode(bytes, 16)
  expectKind(fields, controlKind)
  const header = {
    version: fields.unsigned(),
    suite: fields.unsigned(),
    i: fields.unsigned(),
    n: fields.unsigned(),
    previousHead: fields.fixed(hashBytes),
    previousHeadIndex: fields.unsigned(),
    previousHash: fields.fixed(hashBytes),
    epoch: fields.unsigned(),
    under: fields.unsigned(),
    confirm: fields.nullable((f) => f.fixed(hashBytes)),
    links: fields.array(linksMax).map(decodeLink),
    wraps: fields.nullable((f) => f.fixed(hashBytes)),
    entry: fields.nullable((f) => decodeEntry(f.next())),
  }
  return { header, nonce: fields.fixed(nonceBytes), ciphertext: fields.bytes(controlRecordBytesMax) }
}

function expectKind(fields: Fields, kind: number): void {
  if (fields.unsigned() !== kind) throw new FormatError('record of another kind')
}

function decodeLink(value: Value): EpochLink {
  const fields = new Fields(value, 4)
  return {
    of: fields.unsigned(),
    to: fields.unsigned(),
    nonce: fields.fixed(nonceBytes),
    sealed: fields.fixed(sealedSecretBytes),
  }
}

function decodeEntry(value: Value): Entry {
  const fields = new Fields(value, 2)
  return { tag: fields.fixed(entryTagBytes), wrapped: fields.nullable((f) => decodeWrapped(f.next())) }
}

export function decodeWrapped(value: Value): Wrapped {
  const fields = new Fields(value, 2)
  return { encapsulation: fields.fixed(encapsulationBytes), ciphertext: fields.fixed(sealedSecretBytes) }
}
