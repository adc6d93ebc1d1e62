/** Turns queued messages into a record: which of them share it, and its bytes for the end of the log. */
import { equalBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { encode } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { messageTextBytesMax, messagesPerRecordMax } from '../../base/limits.ts'
import type { Random } from '../../crypto/random.ts'
import { contentValue } from '../../protocol/content.ts'
import { sealMessages } from '../../protocol/message.ts'
import { headOf, memberByKey } from '../../protocol/room.ts'
import type { Appending } from './append.ts'
import type { Identity } from '../identity/identity.ts'
import type { QueuedMessage } from '../reconcile/archive-diverged.ts'
import type { Attempt } from './outbox.ts'
import { kickedBy } from '../people/people.ts'
import { requireKnownVersion } from '../replay/room-version.ts'

export interface Composing {
  readonly appending: Appending
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
}

/** Room for one message of any size besides others. */
const recordContentBytesMax = messageTextBytesMax * 2

/** The first message and those that follow it from the same device, as many as fit a record. */
export function batchOf<T extends { readonly queued: QueuedMessage }>(waiting: readonly T[]): readonly T[] {
  const [first] = waiting
  if (first === undefined) return []
  const batch: T[] = []
  let bytes = 0
  for (const one of waiting) {
    const next = first.queued.counter + batch.length
    if (one.queued.counter !== next || !equalBytes(one.queued.device, first.queued.device)) break
    bytes += encode(contentValue(one.queued.content)).length
    if (batch.length === messagesPerRecordMax || (batch.length > 0 && bytes > recordContentBytesMax)) break
    batch.push(one)
  }
  return batch
}

/** The record for the end of the log as read so far. @throws kicked, not-member */
export async function composeMessages(
  { appending, identity, clock, random }: Composing,
  batch: readonly QueuedMessage[],
  signal: AbortSignal,
): Promise<Attempt> {
  const { log, roomId } = appending
  if (log.end.revision === undefined) await log.catchUp(signal)
  let room = log.room
  let keys = await log.currentKeys(signal)
  // An epoch may have been opened while its keys were being fetched.
  while (log.room !== room) {
    room = log.room
    keys = await log.currentKeys(signal)
  }
  if (room === undefined || memberByKey(room, identity.signer.publicKey) === undefined) {
    const endedBy = kickedBy(room, identity.signer.publicKey)
    if (endedBy !== undefined)
      throw new ConclaveError('kicked', `${endedBy.name} removed you from this room`, {
        hint: ['Ask to join again: ', command('join')],
      })
    throw new ConclaveError('not-member', 'You are not a member of this room', {
      hint: ['Ask to join again: ', command('join')],
    })
  }
  requireKnownVersion(room)
  if (keys === undefined) {
    throw new ConclaveError('not-member', 'Can’t obtain this room’s keys', {
      hint: ['Ask to join again: ', command('join')],
    })
  }
  const { i, previousHash } = log.end
  const { device, counter } = batch[0] as QueuedMessage
  const contents = batch.map(({ content }) => content)
  const head = headOf(room).hash
  const inside = { previousHash, device, counter, seq: log.state.checkpoint.seq, head, at: clock.now(), contents }
  return { i, previousHash, record: sealMessages(roomId, i, keys, identity.signer, inside, random) }
}
