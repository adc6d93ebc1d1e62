/**
 * Checks a room from its first record on: every hash, signature and rule, against the store and against the replica.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { hex, type Bytes } from '../../base/bytes.ts'
import { numberOf } from '../../protocol/paths.ts'
import { headOf } from '../../protocol/room.ts'
import { followsAnother } from '../../protocol/verdict.ts'
import type { Store } from '../../store/store.ts'
import type { Verification } from '../chat.ts'
import { LogState } from '../replay/log-state.ts'
import { logPage } from '../replay/log-page.ts'
import { heardFrom, noteHeard, type HeardTimes } from './last-heard.ts'
import { headPhrase } from './head-phrase.ts'
import type { RoomLog } from './room-log.ts'
import { Seen } from '../replica/seen.ts'

export async function verifyLog(
  store: Store,
  roomId: Bytes,
  log: RoomLog,
  signal?: AbortSignal,
): Promise<Verification> {
  // Others may write in the meantime.
  const known = log.reconciler.knownLength
  // No earlier verdict is trusted: only the keys are reused.
  const state = new LogState(roomId, new Seen(roomId))
  for (const keys of log.state.keyring.all()) state.keyring.add(keys)
  const voids: { i: number; reason: string }[] = []
  const damage: { i: number; reason: string }[] = []
  const counts = { messages: 0, controls: 0 }
  const heard: HeardTimes = new Map()
  let more = true
  while (more) {
    signal?.throwIfAborted()
    const from = state.checkpoint.next
    const page = await logPage(store, roomId, { from }, signal)
    for (const { key, value } of page.entries) {
      const i = numberOf(key)
      if (i !== state.checkpoint.next) {
        damage.push({ i: state.checkpoint.next, reason: 'missing from the store' })
        return { ...result(state, voids, damage, heard), ...counts, putBack: log.reconciler.restored }
      }
      if ((await log.replica.holds(i, value)) === false) {
        damage.push({ i, reason: 'other than what was read before' })
      }
      const judged = state.judge(value)
      const { judgement } = judged
      if (judgement.kind === 'message') counts.messages += judgement.inside.contents.length
      else if (judgement.kind === 'control') counts.controls += 1
      else if (judgement.kind === 'void') {
        voids.push({ i, reason: judgement.reason })
        if (judgement.reason === followsAnother && damage.at(-1)?.i !== i - 1) {
          damage.push({ i: i - 1, reason: 'other than the record after it says' })
        }
      } else voids.push({ i, reason: 'sealed under a key that this identity was not given' })
      noteHeard(heard, judged)
      const { row } = state.apply(judged)
      counts.messages -= row.repeats.length
    }
    more = page.more
    await turn()
  }
  if (state.room === undefined) damage.push({ i: 0, reason: 'not the beginning of this room' })
  for (const { i, by } of log.reconciler.withheld.missing) {
    damage.push({ i, reason: `${by.name} saw a change of the room that the store does not show` })
  }
  for (const { i, by } of log.reconciler.branches.signed) {
    damage.push({
      i,
      reason: `${by.name} signed it on another branch of this room: it follows a record that is not here`,
    })
  }
  if (state.checkpoint.next < known) {
    damage.push({ i: state.checkpoint.next, reason: 'the end of the log is missing from the store' })
  }
  return { ...result(state, voids, damage, heard), ...counts, putBack: log.reconciler.restored }
}

function result(
  state: LogState,
  voids: Verification['voids'],
  damage: Verification['damage'],
  heard: HeardTimes,
): Omit<Verification, 'messages' | 'controls' | 'putBack'> {
  const head = state.room === undefined ? '' : hex(headOf(state.room).hash)
  const { next: records, hash } = state.checkpoint
  return { records, voids, damage, head, headPhrase: headPhrase(hash), lastHeard: heardFrom(state.room, heard) }
}
