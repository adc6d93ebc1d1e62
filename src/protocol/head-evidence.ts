/**
 * What a void record still proves: where a present member signed it, it names the record before it, and the change of the
 * room that was the newest to them. A reader to whom the store shows another record there is on another branch than that
 * member; one to whom it does not show that change is being shown less.
 *
 * No rule of validity depends on this: clients use it to decide whether they may send (docs/protocol.md §14).
 */
import { hex, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { openingsTriedMax } from '../base/limits.ts'
import { verifyRaw } from '../crypto/sign.ts'
import { openControl } from './control.ts'
import type { EpochKeys } from './epoch.ts'
import type { Keyring } from './keyring.ts'
import { signedBytes, unsealMessages } from './message.ts'
import { opensEpoch } from './operation.ts'
import type { LogRecord } from './record.ts'
import { memberByKey, type Member, type Room } from './room.ts'

export interface HeadEvidence {
  readonly author: Member
  /** Hash of the control record that was the newest to the author. */
  readonly head: Bytes
  /** Hash of the record before, which covers all records before that. */
  readonly previousHash: Bytes
  /** The author opened an epoch from an earlier one than that in force, so they lack the one in force. */
  readonly hasInvalidEpochRecovery: boolean
}

/**
 * undefined for what no present member signed, and for what is sealed under an epoch that is not one of this room's: its
 * author may have been led into an epoch of someone's making, and what is missing there is not missing here.
 */
export function headEvidenceOf(room: Room, i: number, record: LogRecord, keyring: Keyring): HeadEvidence | undefined {
  // A record written for another place proves nothing about this one: anyone may have copied it here.
  if (record.kind === 'control' && record.outer.header.i !== i) return undefined
  const epoch = record.kind === 'message' ? record.outer.epoch : record.outer.header.under
  // Recoveries may use a number again: the newest openings are tried, so that no one chooses how many.
  for (const opening of room.opened.get(epoch)?.takeLast(openingsTriedMax).reverse() ?? []) {
    const keys = keyring.get(opening)
    if (keys === undefined) continue
    try {
      const evidence = evidenceUnder(keys, room, i, record)
      if (evidence !== undefined) return evidence
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }
  return undefined
}

function evidenceUnder(keys: EpochKeys, room: Room, i: number, record: LogRecord): HeadEvidence | undefined {
  if (record.kind === 'message') {
    const unsealed = unsealMessages(room.id, i, record.outer, keys)
    const author = unsealed && memberByKey(room, unsealed.inside.author)
    if (author === undefined || unsealed === undefined) return undefined
    if (!verifyRaw(author.rootKey, signedBytes(room.id, i, unsealed), unsealed.signature)) return undefined
    const { head, previousHash } = unsealed.inside
    return { author, head, previousHash, hasInvalidEpochRecovery: false }
  }
  const { header } = record.outer
  const { author: rootKey, operation } = openControl(room.id, keys, record.outer)
  const author = memberByKey(room, rootKey)
  const hasInvalidEpochRecovery = opensEpoch(operation.type) && header.under < room.epoch
  const { previousHead: head, previousHash } = header
  return author && { author, head, previousHash, hasInvalidEpochRecovery }
}

/** Whether a change is one of those that made the room as this reader knows it, skipped ones included. */
export function includes(room: Room, head: Bytes): boolean {
  return room.arrived.has(hex(head))
}
