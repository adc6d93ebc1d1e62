/**
 * When each member was last heard from, by the records read here: someone whose records a store withholds is silent, and
 * that is all there is to see of it. Times are the authors' own.
 */
import { hex } from '../../base/bytes.ts'
import { lastHeardRecordsMax, logPageRecords } from '../../base/limits.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import type { Room } from '../../protocol/room.ts'
import type { LastHeard } from '../chat.ts'
import type { RoomLog } from './room-log.ts'
import type { AppliedRecord } from '../replay/log-state.ts'

/** By first root key, which survives changes of keys. */
export type HeardTimes = Map<string, number>

/** The newest record of a person counts: the first noted from the end, the last from the beginning. */
export function noteHeard(heard: HeardTimes, { judgement }: Pick<AppliedRecord, 'judgement'>, backwards = false): void {
  if (judgement.kind !== 'message' && judgement.kind !== 'control') return
  const key = hex(judgement.author.firstRootKey)
  if (backwards && heard.has(key)) return
  heard.set(key, judgement.kind === 'message' ? judgement.inside.at : judgement.body.at)
}

export function heardFrom(room: Room | undefined, heard: HeardTimes): readonly LastHeard[] {
  return [...(room?.members.values() ?? [])].map((member) => {
    const at = heard.get(hex(member.firstRootKey))
    return { name: member.name, fingerprint: fingerprint(member.rootKey), ...(at !== undefined && { at }) }
  })
}

/** Looks at the newest `lastHeardRecordsMax` records at most. */
export async function lastHeard(log: RoomLog, signal?: AbortSignal): Promise<readonly LastHeard[]> {
  const heard: HeardTimes = new Map()
  const { next } = log.state.checkpoint
  const silent = new Set([...(log.room?.members.values() ?? [])].map(({ firstRootKey }) => hex(firstRootKey)))
  for (let to = next; to > Math.max(0, next - lastHeardRecordsMax) && silent.size > 0; to -= logPageRecords) {
    signal?.throwIfAborted()
    const records = await log.records(Math.max(0, to - logPageRecords), to)
    for (const record of records.toReversed()) noteHeard(heard, record, true)
    for (const key of heard.keys()) silent.delete(key)
  }
  return heardFrom(log.room, heard)
}
