/**
 * A place at which the store's log has gone another way than the copy in this home: what stood there is set aside. Or,
 * with nothing set aside, a place from which on the same log was read again with secrets that came late.
 */
import type { Bytes } from '../../base/bytes.ts'
import { encode, Fields } from '../../base/codec.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { readLocal } from '../home/local-value.ts'

export interface Divergence {
  /** Records with from ≤ i < to were set aside. */
  readonly from: number
  readonly to: number
  /** Of the last record that both have; zeros when there is none. */
  readonly previousHash: Bytes
}

/** The log is the same. */
export function isReadAgain({ from, to }: Divergence): boolean {
  return from === to
}

export function divergenceValue({ from, to, previousHash }: Divergence): Bytes {
  return encode([from, to, previousHash])
}

export function readDivergence(value: Bytes): Divergence {
  return readLocal('the copy of a room', () => {
    const fields = Fields.decode(value, 3)
    return { from: fields.unsigned(), to: fields.unsigned(), previousHash: fields.fixed(hashBytes) }
  })
}
