/**
 * Finds where in a room's history a time is. Times are claimed by senders and need not rise with the log, so each look
 * takes the median of a few records: one wrong clock among them misleads nobody.
 */
import type { Room } from '../chat.ts'
import type { TimelineItem } from '../item.ts'

/** At each look. */
const sampleItems = 15

/** The place in the log of what was written at `time` or later; the newest where there is nothing. @param time milliseconds */
export async function indexAtTime(room: Pick<Room, 'history'>, time: number, signal?: AbortSignal): Promise<number> {
  const newest = await room.history({ limit: 1 }, signal)
  let low = 0
  let high = newest.items.findLast(({ i }) => i !== undefined)?.i ?? 0
  while (low < high) {
    const middle = (low + high) >>> 1
    const { items } = await room.history({ limit: sampleItems, fromIndex: middle }, signal)
    const times = items.flatMap((item) => timeIn(item) ?? []).sort((a, b) => a - b)
    const median = times[times.length >>> 1]
    if (median === undefined || median < time) low = middle + 1
    else high = middle
  }
  // Half a sample further up than the first one.
  const { items } = await room.history({ limit: sampleItems, fromIndex: low }, signal)
  return items.find((item) => (timeIn(item) ?? -Infinity) >= time)?.i ?? low
}

function timeIn(item: TimelineItem): number | undefined {
  return item.kind === 'message' || item.kind === 'admin' ? item.at : undefined
}
