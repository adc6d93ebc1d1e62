/**
 * Six words for the newest record of a room. Its hash covers every record before it, so two people who read the same words
 * for the same number of records have the same room; a store that shows them two copies can't make the words agree.
 *
 * 66 bits: the store can't find another log with these words. A member who helps it, and tries 2^33 records on each side,
 * could; the whole hash is in `verify --json` of both for that case.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { ConclaveError } from '../../base/errors.ts'
import { logPageRecords } from '../../base/limits.ts'
import { normalizePassphrase, sixWords } from '../../crypto/passphrase.ts'
import type { Bytes } from '../../base/bytes.ts'
import type { HeadComparison } from '../chat.ts'
import { hashOfRow } from '../replica/row.ts'
import type { RoomLog } from './room-log.ts'

export function headPhrase(hash: Bytes): string {
  return sixWords(hash)
}

interface Head {
  /** How many records there were. Without it, another branch can't be told from records that are still to come. */
  readonly records: number | undefined
  readonly phrase: string
}

/** `124 six words` or the words alone; undefined for anything else. */
export function parseHead(typed: string): Head | undefined {
  const [, records, rest = ''] = /^\s*(?:([1-9]\d{0,14})[\s:]+)?(.*)$/s.exec(typed) ?? []
  const phrase = normalizePassphrase(rest)?.replaceAll('-', ' ')
  return phrase === undefined ? undefined : { phrase, records: records === undefined ? undefined : Number(records) }
}

/** What another person's head is to this copy, as far as it has been read. @throws usage for what is no head */
export async function compareHead(log: RoomLog, typed: string): Promise<HeadComparison> {
  const head = parseHead(typed)
  if (head === undefined) {
    throw new ConclaveError('usage', 'Not a head phrase', {
      hint: 'It is the number of records and six words, as verify shows them on the other side.',
    })
  }
  const { next, hash } = log.state.checkpoint
  const { records, phrase } = head
  if (next > 0 && headPhrase(hash) === phrase && (records ?? next) === next) return 'same'
  if (records !== undefined) {
    if (records > next) return 'unknown'
    const [row] = await log.replica.rows(records - 1, records, 1)
    return row !== undefined && headPhrase(hashOfRow(row)) === phrase ? 'past' : 'other-branch'
  }
  for (let from = 0; from < next; from += logPageRecords) {
    const rows = await log.replica.rows(from, Math.min(next, from + logPageRecords), logPageRecords)
    if (rows.some((row) => headPhrase(hashOfRow(row)) === phrase)) return 'past'
    await turn()
  }
  return 'unknown'
}
