/** A record as a replica keeps it: its bytes as in the store, and its verdict. */
import { emptyBytes, type Bytes } from '../../base/bytes.ts'
import { Fields, type Value } from '../../base/codec.ts'
import { messagesPerRecordMax, recordKeptBytesMax } from '../../base/limits.ts'
import { numberOf } from '../../protocol/paths.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Entry } from '../../store/store.ts'
import { readLocal } from '../home/local-value.ts'

export const copyOfRoom = 'the copy of a room'

/** `locked`: sealed under an epoch whose secret this identity lacks. */
export const rowVerdicts = ['valid', 'void', 'locked'] as const
export type RowVerdict = (typeof rowVerdicts)[number]

export interface Row {
  readonly i: number
  /** Empty if `hashOnly` is set. */
  readonly bytes: Bytes
  /** Of a record that exceeds the length limit: only this is kept of it. */
  readonly hashOnly?: Bytes
  readonly verdict: RowVerdict
  /** The number of the first message in it; of the next one where it holds none. */
  readonly seq: number
  /** Which of its messages had been shown before. */
  readonly repeats: readonly number[]
  /** n of a valid control record. */
  readonly n: number | null
}

/** The part of this record that the next one's hash covers. */
export function hashOfRow({ bytes, hashOnly }: Row): Bytes {
  return hashOnly ?? recordHash(bytes)
}

export function rowValue(row: Row): Value {
  const verdict = row.hashOnly === undefined ? rowVerdicts.indexOf(row.verdict) : rowVerdicts.length
  return [row.hashOnly ?? row.bytes, verdict, row.seq, row.repeats, row.n]
}

export function rowOf(entry: Entry): Row {
  return readLocal(copyOfRoom, () => {
    const fields = Fields.decode(entry.value, 5)
    const bytes = fields.bytes(recordKeptBytesMax)
    const verdict = rowVerdicts[fields.unsigned(rowVerdicts.length)]
    return {
      i: numberOf(entry.key),
      ...(verdict === undefined ? { bytes: emptyBytes, hashOnly: bytes } : { bytes }),
      verdict: verdict ?? 'void',
      seq: fields.unsigned(),
      repeats: fields.array(messagesPerRecordMax).map((k) => new Fields([k], 1).unsigned(messagesPerRecordMax)),
      n: fields.nullable((at) => at.unsigned()),
    }
  })
}
