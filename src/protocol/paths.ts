/**
 * Where everything is in the store. Numbers are eight bytes, big-endian, so that key order is log order.
 * Ids and hashes are lower-case hexadecimal; names appear only as skeletons, and never in a room's keys.
 */
import { concat, fromU64, hex, prefixEnd, u64, utf8, type Bytes } from '../base/bytes.ts'
import { hashBytes } from '../crypto/hash.ts'

export interface KeyRange {
  readonly start: Bytes
  readonly end: Bytes
}

function allUnder(prefix: Bytes): KeyRange {
  return { start: prefix, end: prefixEnd(prefix) }
}

/** A random id of this store's life; every write compares it. */
export const incarnationKey = utf8('incarnation')

/** Previous ones, each written when the store was restored from a backup. */
export const formerIncarnationKey = (incarnation: Bytes): Bytes => utf8(`lives/${hex(incarnation)}`)
export const formerIncarnationRange = allUnder(utf8('lives/'))

export const userKey = (nameSkeleton: string): Bytes => utf8(`users/${nameSkeleton}`)
export const vaultKey = (nameSkeleton: string): Bytes => utf8(`vaults/${nameSkeleton}`)
export const directoryKey = (roomSkeleton: string): Bytes => utf8(`directory/${roomSkeleton}`)
export const directoryRange = allUnder(utf8('directory/'))
export const inboxKey = (keyId: Bytes, id: Bytes): Bytes => utf8(`inbox/${hex(keyId)}/${hex(id)}`)
export const inboxRange = (keyId: Bytes): KeyRange => allUnder(utf8(`inbox/${hex(keyId)}/`))
export const readsKey = (keyId: Bytes): Bytes => utf8(`reads/${hex(keyId)}`)

const room = (roomId: Bytes, rest: string): Bytes => utf8(`rooms/${hex(roomId)}/${rest}`)

export const roomRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, ''))
export const cardKey = (roomId: Bytes): Bytes => room(roomId, 'card')
export const logRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'log/'))
export const logKey = (roomId: Bytes, i: number): Bytes => concat(room(roomId, 'log/'), u64(i))
export const controlKey = (roomId: Bytes, n: number): Bytes => concat(room(roomId, 'control/'), u64(n))
export const controlRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'control/'))
export const wrapPageKey = (roomId: Bytes, wraps: Bytes, page: number): Bytes =>
  concat(room(roomId, `wraps/${hex(wraps)}/`), u64(page))
export const wrapsRange = (roomId: Bytes, wraps: Bytes): KeyRange => allUnder(room(roomId, `wraps/${hex(wraps)}/`))
export const knockKey = (roomId: Bytes, id: Bytes): Bytes => room(roomId, `knocks/${hex(id)}`)
export const knocksRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'knocks/'))
export const hereKey = (roomId: Bytes, id: Bytes): Bytes => room(roomId, `here/${hex(id)}`)
export const hereRange = (roomId: Bytes): KeyRange => allUnder(room(roomId, 'here/'))

/** The number at the end of a log, control or page key. @throws RangeError */
export function numberOf(key: Uint8Array): number {
  return fromU64(key.subarray(-8))
}

/**
 * The index of a record's key; undefined for any other key among the log's (anyone who can write to the
 * store can add one), which readers must ignore.
 */
export function logIndexOf(key: Uint8Array): number | undefined {
  return numberAtEnd(key, logKeyBytes)
}

/** The number of a page of wraps; undefined for any other key among them. */
export function wrapPageOf(key: Uint8Array): number | undefined {
  return numberAtEnd(key, wrapPageKeyBytes)
}

function numberAtEnd(key: Uint8Array, keyBytes: number): number | undefined {
  if (key.length !== keyBytes) return undefined
  const number = key.subarray(-8)
  // Beyond 2^53 − 1.
  return (number[0] as number) > 0 || (number[1] as number) > 0x1f ? undefined : fromU64(number)
}

const logKeyBytes = logKey(new Uint8Array(hashBytes), 0).length
const wrapPageKeyBytes = wrapPageKey(new Uint8Array(hashBytes), new Uint8Array(hashBytes), 0).length
