/** SHA-256 over a label and values, encoded as one deterministic CBOR array: no two uses of the hash share an input. */
import { hash as digest } from 'node:crypto'
import { encode, type Value } from '../base/codec.ts'
import type { Bytes } from '../base/bytes.ts'

export const hashBytes = 32
export const zeroHash: Bytes = new Uint8Array(hashBytes)

export function hash(label: string, ...values: readonly Value[]): Bytes {
  return new Uint8Array(digest('sha256', encode([label, ...values]), 'buffer'))
}
