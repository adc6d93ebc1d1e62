/**
 * What a void record still proves. It counts for nothing in the room; but where a present member signed it, it tells
 * which change of the room he knew as the newest. A reader to whom the store does not show that change is shown less
 * than he was.
 *
 * No rule of validity depends on this: it is for clients to judge whether they may send (docs/protocol.md §14).
 */
import type { Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { verifyRaw } from '../crypto/sign.ts'
import { openControl } from './control.ts'
import type { Keyring } from './keyring.ts'
import { signedBytes, unsealMessages } from './message.ts'
import { opensEpoch } from './operation.ts'
import type { LogRecord } from './record.ts'
import { memberByKey, ordinalOf, withSkipped, type Member, type Room } from './room.ts'

export interface Testimony {
  readonly author: Member
  /** Hash of the control record that was the newest to him. */
  readonly head: Bytes
  /** He opened an epoch from an earlier one than that in force: he lacks the one in force. */
  readonly hasInvalidEpochRecovery: boolean
}

/**
 * undefined for what nobody signed who is a member now, or what is sealed under an epoch that is none of this room's: he
 * may have been led astray into one of somebody's making, and what is missing there is not missing here.
 */
export function testimonyOf(room: Room, i: number, record: LogRecord, keyring: Keyring): Testimony | undefined {
  const epoch = record.kind === 'message' ? record.outer.epoch : record.outer.outside.under
  const keys = withSkipped(room).flatMap(({ openings }) => keyring.get(openings.get(epoch)) ?? [])
  for (const one of keys) {
    try {
      if (record.kind === 'message') {
        const unsealed = unsealMessages(room.id, i, record.outer, one)
        const author = unsealed && memberByKey(room, unsealed.inside.author)
        if (author === undefined || unsealed === undefined) continue
        if (!verifyRaw(author.rootKey, signedBytes(room.id, i, unsealed), unsealed.signature)) continue
        return { author, head: unsealed.inside.head, hasInvalidEpochRecovery: false }
      }
      const { outside } = record.outer
      // A record of another place proves nothing about this one: anybody may have copied it here.
      if (outside.i !== i) return undefined
      const { author: key, operation } = openControl(room.id, one, record.outer)
      const author = memberByKey(room, key)
      if (author === undefined) continue
      const hasInvalidEpochRecovery = opensEpoch(operation.type) && outside.under < room.epoch
      return { author, head: outside.previousHead, hasInvalidEpochRecovery }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }
  return undefined
}

/** Whether a change is one of those that made the room as this reader knows it; also one that a way out passed over. */
export function includes(room: Room, head: Bytes): boolean {
  return withSkipped(room).some((part) => ordinalOf(part, head) !== undefined)
}
