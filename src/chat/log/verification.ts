/** Checking a room from its first record on: every hash, signature and rule, against the store and against the replica. */
import { setImmediate as turn } from 'node:timers/promises'
import { hex, type Bytes } from '../../base/bytes.ts'
import { numberOf } from '../../protocol/paths.ts'
import { headOf } from '../../protocol/room.ts'
import { followsAnother } from '../../protocol/verdict.ts'
import type { Store } from '../../store/store.ts'
import type { Verification } from '../chat.ts'
import { Ledger } from './ledger.ts'
import { logPage } from './log-page.ts'
import type { RoomLog } from './room-log.ts'
import { Seen } from '../replica/seen.ts'

export async function verifyLog(
  store: Store,
  roomId: Bytes,
  log: RoomLog,
  signal?: AbortSignal,
): Promise<Verification> {
  // Others may write meanwhile.
  const known = log.known()
  // Nothing that was judged before is believed: only the keys are taken over.
  const ledger = new Ledger(roomId, new Seen(roomId))
  for (const keys of log.ledger.keyring.all()) ledger.keyring.add(keys)
  const voids: { i: number; reason: string }[] = []
  const damage: { i: number; reason: string }[] = []
  const counts = { messages: 0, controls: 0 }
  let more = true
  while (more) {
    signal?.throwIfAborted()
    const from = ledger.checkpoint.next
    const page = await logPage(store, roomId, from, signal)
    for (const { key, value } of page.entries) {
      const i = numberOf(key)
      if (i !== ledger.checkpoint.next) {
        damage.push({ i: ledger.checkpoint.next, reason: 'missing from the store' })
        return { ...result(ledger, voids, damage), ...counts, putBack: log.repairer.putBack }
      }
      if ((await log.replica.holds(i, value)) === false) {
        damage.push({ i, reason: 'other than what was read before' })
      }
      const judged = ledger.judge(value)
      const { judgement } = judged
      if (judgement.kind === 'message') counts.messages += judgement.inside.contents.length
      else if (judgement.kind === 'control') counts.controls += 1
      else if (judgement.kind === 'void') {
        voids.push({ i, reason: judgement.reason })
        if (judgement.reason === followsAnother && damage.at(-1)?.i !== i - 1) {
          damage.push({ i: i - 1, reason: 'other than the record after it says' })
        }
      } else voids.push({ i, reason: 'sealed under a key that this identity was not given' })
      const { row } = ledger.file(judged)
      counts.messages -= row.repeats.length
    }
    more = page.more
    await turn()
  }
  if (ledger.room === undefined) damage.push({ i: 0, reason: 'not the beginning of this room' })
  for (const { i, by } of log.withheld.missing) {
    damage.push({ i, reason: `${by.name} saw a change of the room that the store does not show` })
  }
  if (ledger.checkpoint.next < known) {
    damage.push({ i: ledger.checkpoint.next, reason: 'the end of the log is missing from the store' })
  }
  return { ...result(ledger, voids, damage), ...counts, putBack: log.repairer.putBack }
}

function result(
  ledger: Ledger,
  voids: Verification['voids'],
  damage: Verification['damage'],
): Omit<Verification, 'messages' | 'controls' | 'putBack'> {
  const head = ledger.room === undefined ? '' : hex(headOf(ledger.room).hash)
  return { records: ledger.checkpoint.next, voids, damage, head }
}
