/** A message by what people and scripts name it by: its number in the room, or its id. */
import { changedBy, isChange, type Change } from '../chat/timeline/changes.ts'
import { ConclaveError } from '../base/errors.ts'
import type { Room } from '../chat/chat.ts'
import type { MessageItem } from '../chat/item.ts'
import { bringUpToDate } from './freshness.ts'

/** Items asked for at a time. */
const pageItems = 500

/** @throws usage for what is neither a number nor an id. */
export function checkReference(reference: string): void {
  if (/^[0-9a-f]{32}$/.test(reference) || /^[1-9][0-9]{0,15}$/.test(reference)) return
  throw new ConclaveError('usage', `neither the number nor the id of a message: ${reference}`, {
    hint: 'conclave read ROOM --numbers shows numbers, --json ids',
  })
}

/** Looked for from the newest on. @throws usage when the room has no such message; unavailable when it can't be told */
export async function findMessage(room: Room, reference: string, signal: AbortSignal): Promise<MessageItem> {
  const behind = await bringUpToDate(room, signal)
  const named = (item: MessageItem): boolean =>
    reference.length === 32 ? item.id === reference : item.seq === Number(reference)
  const later: Change[] = []
  let before: number | undefined
  for (;;) {
    const page = await room.history({ limit: pageItems, ...(before === undefined ? {} : { before }) }, signal)
    for (const item of page.items.toReversed()) {
      if (item.kind !== 'message') continue
      if (named(item)) return notDeleted(item, later.reverse())
      if (isChange(item)) later.push(item)
    }
    before = page.items.find(({ i }) => i !== undefined)?.i
    if (!page.more || before === undefined) break
  }
  if (behind) throw behind
  throw new ConclaveError('usage', `there is no message ${reference} in ${room.name}`, {
    hint: `conclave read ${room.name} --numbers shows the messages with their numbers`,
  })
}

function notDeleted(item: MessageItem, later: readonly Change[]): MessageItem {
  if (isChange(item)) {
    throw new ConclaveError('usage', `message ${item.seq} only changes another one`, {
      hint: `give that one: ${item.to}`,
    })
  }
  const about = later.filter((change) => change.to === item.id)
  if (!changedBy(item, about).deleted) return item
  throw new ConclaveError('not-allowed', `message ${item.seq} is deleted`, { hint: 'nothing can be done to it' })
}
