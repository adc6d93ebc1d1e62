/** History from a place on, then live items, as one sequence: no gap, no repetition. */
import type { FollowOptions, Room, RoomChange } from '../chat.ts'
import type { TimelineItem, WarningItem } from '../item.ts'
import { followPageItems } from '../../base/limits.ts'

/** Ends when the membership, the caller's signal or the room (`closing`) does. */
export function followItems(
  room: Room,
  { from, signal }: FollowOptions,
  closing: AbortSignal,
): AsyncIterable<TimelineItem> {
  return {
    [Symbol.asyncIterator]() {
      const returned = new AbortController()
      const ends = [returned.signal, closing, ...(signal ? [signal] : [])]
      const items = itemsUntil(room, from, AbortSignal.any(ends))
      return {
        next: () => items.next(),
        // Also ends a pending next(), which a generator alone would keep waiting.
        return: () => {
          returned.abort()
          return items.return(undefined)
        },
      }
    },
  }
}

async function* itemsUntil(
  room: Room,
  from: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<TimelineItem, undefined> {
  const live: TimelineItem[] = []
  /** Messages of a log that was replaced: they have been shown, and may come again. */
  const told = new Set<string>()
  let wake: (() => void) | undefined
  const unsubscribe = room.subscribe((change: RoomChange) => {
    if (change.kind === 'items') live.push(...change.items)
    if (change.kind === 'knock') live.push(change.item)
    if (change.kind === 'diverged') {
      for (const id of change.lost) told.add(id)
      live.push(restarted(change))
    }
    wake?.()
  })
  const onAbort = () => wake?.()
  signal.addEventListener('abort', onAbort)
  try {
    let last = -1
    if (from !== undefined) {
      let page = await room.history({ limit: followPageItems, fromSeq: from }, signal)
      for (;;) {
        for (const item of page.items) {
          yield item
          last = item.i ?? last
        }
        if (!page.more) break
        page = await room.history({ limit: followPageItems, fromIndex: last + 1 }, signal)
      }
    }
    let shown = last
    while (!signal.aborted) {
      for (const item of live.splice(0)) {
        // What arrived while the history was read has been shown with it.
        if (item.kind === 'warning') shown = Math.min(shown, (item.restart?.i ?? Infinity) - 1)
        else if (item.i !== undefined && item.i <= shown) continue
        if (item.kind === 'message' && told.delete(item.id)) continue
        yield item
      }
      if (live.length > 0) continue
      if (room.standing !== 'member') return
      await new Promise<void>((resolve) => {
        wake = resolve
        if (live.length > 0 || signal.aborted) resolve()
      })
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onAbort)
  }
}

function restarted({ cause, i, seq }: RoomChange & { kind: 'diverged' }): WarningItem {
  const reason =
    cause === 'restore'
      ? 'the store was rolled back to an older snapshot; from here on it has other messages, and missing ones are shown again'
      : 'a missing key has arrived; messages that were locked from here on follow, and others of this part are shown again'
  return { kind: 'warning', i, reason, restart: { i, seq } }
}
