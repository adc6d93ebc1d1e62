/** What a room's log tells of itself. */
import type { Filed } from './ledger.ts'

/** A record of the log is not what it was, or missing. */
export interface Damage {
  readonly i: number
  readonly reason: string
}

export interface RoomLogListener {
  /** Records that are new here, in order, each once. */
  filed(records: readonly Filed[]): void
  /** There is a preview of the newest records, and these have come since: without numbers, and filed later. */
  previewed(records: readonly Filed[]): void
  /** Behind a preview another part of the log has been read. */
  progressed(): void
  /** All has been read and counted, and the preview is over. */
  counted(): void
  damaged(damage: Damage): void
  /** This home's records from there on were set aside: others stand in their places. What comes begins there. */
  diverged(): Promise<void>
  /** How the mending of the log goes. */
  reconciling(): void
}
