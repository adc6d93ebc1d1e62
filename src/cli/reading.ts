/** A room's items in order, each once: the newest, those from a message on, and what comes. */
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import type { Room } from '../chat/chat.ts'
import type { TimelineItem } from '../chat/item.ts'

/** Items asked for at a time. */
const pageItems = 500

/** How far one has read: the pages and what came meanwhile overlap. */
export class Place {
  #i = -1
  #seq = 0
  readonly #warned = new Set<number>()

  /** Whether the item was not shown yet; it is from now on. */
  advance(item: TimelineItem): boolean {
    switch (item.kind) {
      case 'message':
        if (item.seq <= this.#seq) return false
        this.#seq = item.seq
        this.#i = item.i
        return true
      case 'admin':
        // A knock has no place in the log.
        if (item.i === undefined) return true
        if (item.i <= this.#i) return false
        this.#i = item.i
        return true
      case 'lost':
        return true
      case 'warning':
        if (item.restart !== undefined) {
          this.#i = item.restart.i - 1
          this.#seq = item.restart.seq - 1
          return true
        }
        // Damage is noticed later than what stands behind it.
        if (this.#warned.has(item.i)) return false
        this.#warned.add(item.i)
        return true
    }
  }
}

/** The newest `count` items, oldest first. */
export async function newest(room: Room, count: number, signal: AbortSignal): Promise<readonly TimelineItem[]> {
  let items: readonly TimelineItem[] = []
  let before: number | undefined
  while (items.length < count) {
    const limit = Math.min(count - items.length, pageItems)
    const page = await room.history({ limit, ...(before === undefined ? {} : { before }) }, signal)
    items = [...page.items, ...items]
    before = page.items.find((item) => item.i !== undefined)?.i
    if (!page.more || before === undefined) break
  }
  return count === 0 ? [] : items.slice(-count)
}

/** Everything that is there from message `seq` on; 0: from the room's beginning. */
export async function* from(room: Room, seq: number, signal: AbortSignal): AsyncGenerator<TimelineItem, void> {
  let page = await room.history({ limit: pageItems, ...(seq === 0 ? { fromIndex: 0 } : { fromSeq: seq }) }, signal)
  let begun = seq === 0
  for (;;) {
    for (const item of page.items) {
      begun ||= item.kind === 'message' && item.seq >= seq
      if (begun) yield item
    }
    const last = page.items.findLast(({ i }) => i !== undefined)
    if (!page.more || last?.i === undefined) return
    page = await room.history({ limit: pageItems, fromIndex: last.i + 1 }, signal)
  }
}

/** What comes from the call on, until the signal is aborted (then it ends quietly) or the membership ends. */
export function coming(room: Room, signal: AbortSignal): AsyncIterable<TimelineItem> {
  const items = room.follow({ signal })[Symbol.asyncIterator]()
  // Asked for now, and read after the history: nothing falls in between.
  const first = items.next()
  first.catch(() => {})
  return follow(items, first, signal)
}

async function* follow(
  items: AsyncIterator<TimelineItem>,
  first: Promise<IteratorResult<TimelineItem>>,
  signal: AbortSignal,
): AsyncGenerator<TimelineItem, void> {
  try {
    for (let next = await first; next.done !== true; next = await items.next()) yield next.value
  } catch (error) {
    // How the membership ended is told by the room's standing.
    if (!signal.aborted && !isConclaveError(error, 'kicked') && !isConclaveError(error, 'not-member')) throw error
  } finally {
    await items.return?.()
  }
}

/** Why there is nothing more to come; undefined for a member. */
export function ended(room: Room): ConclaveError | undefined {
  const { name, standing, endedBy } = room
  if (room.tooNew) {
    return new ConclaveError('not-allowed', `${name} has gone on to a version that this Conclave does not know`, {
      hint: 'What was before is shown. Update Conclave to read on, and to write.',
    })
  }
  switch (standing) {
    case 'member':
      return undefined
    case 'kicked':
      return new ConclaveError('kicked', `${endedBy?.name ?? 'Somebody'} kicked you from ${name}`, {
        hint: `What you had is shown. conclave join ${name} asks to be let in again; only an admin can accept that.`,
      })
    case 'left':
      return new ConclaveError('not-member', `you left ${name}`, {
        hint: `What you had is shown. conclave join ${name} asks to be let in again.`,
      })
    case 'rejected':
      return new ConclaveError('rejected', `${name} did not let you in`)
    case 'invited':
    case 'waiting':
    case 'stranger':
      return new ConclaveError('not-member', `you are not in ${name}`, {
        hint: `conclave join ${name} asks to be let in.`,
      })
  }
}
