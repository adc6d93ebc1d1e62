/**
 * A fork: where the store's log differs from the copy in this home, whose records from there on are archived. With
 * nothing archived, a point from which the same log was judged again with late secrets.
 */
import type { Bytes } from '../../base/bytes.ts'
import { encode, Fields } from '../../base/codec.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { readLocal } from '../home/local-value.ts'

export interface Divergence {
  /** Records with from ≤ i < to were archived. */
  readonly from: number
  readonly to: number
  /** Hash of the last record that both have; zeros when there is none. */
  readonly previousHash: Bytes
}

/** The log is the same. */
export function isReplay({ from, to }: Divergence): boolean {
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
