/**
 * When the keys of a room have been used for long enough. No reader can check an age, because clocks are claims, so none
 * of this is a rule of validity: admins' clients see to it (docs/protocol.md §14).
 */
import { ConclaveError } from '../base/errors.ts'
import { clockSkewMs, epochRecordsMax, rotateDaysMax } from '../base/limits.ts'
import type { Room } from '../protocol/room.ts'

const dayMs = 86_400_000

/** 30d, or never: as options, commands and JSON have it. */
export function rotateText(days: number): string {
  return days === 0 ? 'never' : `${days}d`
}

/** undefined for anything but what `rotateText` makes. */
export function parseRotate(text: string): number | undefined {
  if (text === 'never') return 0
  const days = /^[1-9]\d{0,3}d$/.test(text) ? Number.parseInt(text, 10) : Number.NaN
  return days <= rotateDaysMax ? days : undefined
}

/** @throws usage */
export function checkRotateDays(days: number): void {
  if (Number.isInteger(days) && days >= 0 && days <= rotateDaysMax) return
  throw new ConclaveError('usage', `Keys are replaced every 1 to ${rotateDaysMax} days, or never`)
}

export interface Moment {
  /** The next index in the log. */
  readonly next: number
  /** By this machine's clock, in milliseconds. */
  readonly now: number
  /** When this process first saw the epoch in force. */
  readonly seenAt: number
}

/**
 * Whether the epoch in force should end: by the number of records, or by its age. Its opening's time is its author's
 * claim. One that lies ahead counts for nothing: an admin's epoch then lasts from when it was seen here, and another
 * member's ends at once, so that nobody but an admin decides how long keys last.
 */
export function isEpochOver(room: Room, { next, now, seenAt }: Moment): boolean {
  const opened = room.marks.get(room.openings.get(room.epoch)?.n ?? 0)
  if (opened === undefined) return false
  if (next - opened.i >= epochRecordsMax) return true
  const { rotateDays } = room.policy
  if (rotateDays === 0) return false
  const isAhead = opened.at > now + clockSkewMs
  if (isAhead && !opened.byAdmin) return true
  return now - (isAhead ? seenAt : opened.at) >= rotateDays * dayMs
}
