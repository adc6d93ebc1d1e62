/** A room's control records folded in log order: one verdict each. */
import type { Bytes } from '../base/bytes.ts'
import { foldControl, type RecordPlace } from './fold.ts'
import type { Keyring } from './keyring.ts'
import type { ControlOuter } from './record.ts'
import type { Room } from './room.ts'
import type { ControlVerdict } from './verdict.ts'

export interface ControlRecord {
  readonly place: RecordPlace
  readonly outer: ControlOuter
}

export interface Chain {
  /** undefined while genesis can't be opened, or is none. */
  readonly room: Room | undefined
  /** One a record. */
  readonly verdicts: readonly ControlVerdict[]
}

/** Every control record of the log from index 0 on, in order. */
export function foldChain(roomId: Bytes, records: readonly ControlRecord[], keyring: Keyring): Chain {
  let room: Room | undefined
  const verdicts: ControlVerdict[] = []
  for (const { place, outer } of records) {
    const verdict = foldControl(roomId, room, place, outer, keyring)
    if (verdict.kind === 'valid') room = verdict.room
    verdicts.push(verdict)
  }
  return { room, verdicts }
}
