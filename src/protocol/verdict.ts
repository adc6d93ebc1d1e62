/** What a reader makes of a log record. Void is a pure function of its bytes, its place and the control chain before it. */
import type { ControlBody } from './control.ts'
import type { Member, Room } from './room.ts'

export type ControlVerdict =
  | { readonly kind: 'valid'; readonly room: Room; readonly body: ControlBody; readonly author: Member }
  | { readonly kind: 'void'; readonly reason: string }
  /** Sealed under an epoch whose secret this reader lacks: not to be judged yet. */
  | { readonly kind: 'locked'; readonly epoch: number }

/** Why a record is void that does not follow the record before it: one of the two was changed. */
export const followsAnother = 'follows another record'

/** Thrown inside a fold to say why a record is void. */
export class VoidRecord extends Error {
  override readonly name = 'VoidRecord'
}

export function require(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new VoidRecord(reason)
}
