/** HKDF-SHA256 (RFC 5869) with an empty salt; the info is a label and its context as one deterministic CBOR array. */
import { hkdfSync, type KeyObject } from 'node:crypto'
import { encode, type Value } from '../base/codec.ts'
import type { Bytes } from '../base/bytes.ts'

/** 32 bytes. */
export function derive(secret: Uint8Array | KeyObject, label: string, ...context: readonly Value[]): Bytes {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), encode([label, ...context]), 32))
}
