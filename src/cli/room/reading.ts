/** A room's items in order, each once: the newest, those from a message on, and new ones as they arrive. */
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { Room } from '../../chat/chat.ts'
import type { TimelineItem } from '../../chat/item.ts'
import { seeminglyDeclined } from '../../chat/wording.ts'

/** Items requested at a time. */
export const pageItems = 500

/** The read position: pages and new items overlap. */
export class Place {
  #i = -1
  #seq = 0
  readonly #warned = new Set<number>()

  /** Whether the item is new, and marks it as read. */
  advance(item: TimelineItem): boolean {
    switch (item.kind) {
      case 'message':
        if (item.seq <= this.#seq) return false
        this.#seq = item.seq
        this.#i = item.i
        return true
      case 'admin':
        // A request to join has no place in the log.
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
        // Damage is noticed later than the records after it.
        if (this.#warned.has(item.i)) return false
        this.#warned.add(item.i)
        return true
    }
  }
}

/** The newest `count` items, oldest first. */
export async function newest(room: Room, count: number, signal: AbortSignal): Promise<readonly TimelineItem[]> {
  const pages: (readonly TimelineItem[])[] = []
  let found = 0
  let before: number | undefined
  while (found < count) {
    const limit = Math.min(count - found, pageItems)
    const page = await room.history({ limit, ...(before === undefined ? {} : { before }) }, signal)
    pages.push(page.items)
    found += page.items.length
    before = page.items.find((item) => item.i !== undefined)?.i
    if (!page.more || before === undefined) break
  }
  return count === 0 ? [] : pages.reverse().flat().slice(-count)
}

/** Everything from message `seq` on; 0: from the room's beginning. */
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

/** New items from the call on, until the signal is aborted (then it ends quietly) or the membership ends. */
export function coming(room: Room, signal: AbortSignal): AsyncIterable<TimelineItem> {
  const items = room.follow({ signal })[Symbol.asyncIterator]()
  // Requested now and read after the history, so that nothing falls in between.
  const first = items.next()
  first.catch(() => {})
  return (async function* () {
    try {
      for (let next = await first; next.done !== true; next = await items.next()) yield next.value
    } catch (error) {
      // The room's standing tells how the membership ended.
      if (!signal.aborted && !isConclaveError(error, 'kicked') && !isConclaveError(error, 'not-member')) throw error
    } finally {
      await items.return?.()
    }
  })()
}

/** Why nothing more will come; undefined for a member. */
export function ended(room: Room): ConclaveError | undefined {
  const { name, standing, endedBy } = room
  if (room.tooNew) {
    return new ConclaveError('not-allowed', `${name} uses a newer version that this Conclave does not support`, {
      hint: 'This is what came before. Update Conclave to read on and to write.',
    })
  }
  switch (standing) {
    case 'member':
      return undefined
    case 'kicked':
      return new ConclaveError('kicked', `${endedBy?.name ?? 'An admin'} removed you from ${name}`, {
        hint: `This is what you had. conclave join ${name} asks to be let back in; only an admin can accept that.`,
      })
    case 'left':
      return new ConclaveError('not-member', `You left ${name}`, {
        hint: `This is what you had. conclave join ${name} asks to be let back in.`,
      })
    case 'rejected': {
      const { text, hint } = seeminglyDeclined(name)
      return new ConclaveError('rejected', text, { hint })
    }
    case 'invited':
    case 'waiting':
    case 'stranger':
      return new ConclaveError('not-member', `You are not in ${name}`, {
        hint: `conclave join ${name} asks to join.`,
      })
  }
}
