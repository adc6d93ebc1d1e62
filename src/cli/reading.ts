/** A room's items in order, each once: the newest, those from a message on, and what comes. */
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import type { Room } from '../chat/chat.ts'
import type { TimelineItem } from '../chat/item.ts'

/** Items asked for at a time. */
const pageItems = 500

/** How far one has read: pages and the live stream overlap at their seams. */
export class Place {
  #i = -1
  #seq = 0

  get seq(): number {
    return this.#seq
  }

  /** Whether the item is behind this place, which moves on to it then. */
  advance(item: TimelineItem): boolean {
    if (item.kind === 'message') {
      if (item.seq <= this.#seq) return false
      this.#seq = item.seq
    } else if (item.i !== undefined && item.i <= this.#i) {
      return false
    }
    // A knock has no place in the log.
    if (item.i !== undefined) this.#i = item.i
    return true
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

/** Everything that is there from message `seq` on (0: from the room's beginning), as far as it lies behind `place`. */
export async function* from(
  room: Room,
  seq: number,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<TimelineItem, void> {
  let next = seq
  let limit = pageItems
  for (;;) {
    const { items, more } = await room.history({ limit, fromSeq: next }, signal)
    let fresh = 0
    for (const item of items) {
      if (!place.advance(item)) continue
      fresh += 1
      yield item
    }
    if (!more) return
    // A page full of admin lines has no message to go on from: a larger one gets past them.
    limit = fresh === 0 ? limit * 2 : pageItems
    next = Math.max(next, place.seq + 1)
  }
}

/** What comes behind `place`, until the signal is aborted (then it ends quietly) or the membership ends. */
export async function* coming(room: Room, place: Place, signal: AbortSignal): AsyncGenerator<TimelineItem, void> {
  try {
    for await (const item of room.follow({ from: place.seq + 1, signal })) {
      if (place.advance(item)) yield item
    }
  } catch (error) {
    // How the membership ended is told by the room's standing.
    if (!signal.aborted && !isConclaveError(error, 'kicked') && !isConclaveError(error, 'not-member')) throw error
  }
}

/** Why there is nothing more to come; undefined for a member. */
export function ended({ name, standing, endedBy }: Room): ConclaveError | undefined {
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
    case 'waiting':
    case 'stranger':
      return new ConclaveError('not-member', `you are not in ${name}`, {
        hint: `conclave join ${name} asks to be let in.`,
      })
  }
}
