/** Finds a message by its number in the room or its ID, and changes it. */
import { ConclaveError } from '../../base/errors.ts'
import type { Chat, Room } from '../../chat/chat.ts'
import type { MessageContent, MessageItem } from '../../chat/item.ts'
import { changedBy, counts, isChange, type Change } from '../../chat/timeline/changes.ts'
import type { Session } from '../session/session.ts'
import { Delivery } from './delivery.ts'
import { bringUpToDate } from './freshness.ts'
import { pageItems } from './reading.ts'

/** @throws usage for what is neither a number nor an ID. */
export function checkReference(reference: string): void {
  if (/^[0-9a-f]{32}$/.test(reference) || /^[1-9][0-9]{0,15}$/.test(reference)) return
  throw new ConclaveError('usage', `Neither the number nor the ID of a message: ${reference}`, {
    hint: 'conclave read ROOM --numbers shows numbers, --json shows IDs.',
  })
}

/**
 * Searched from the newest on. @throws usage when the room has no such message; unavailable when that can't be
 * determined
 */
export async function findMessage(
  room: Room,
  reference: string,
  session: Pick<Session, 'signal' | 'patience'>,
): Promise<MessageItem> {
  const { signal } = session
  const stale = await bringUpToDate(room, session)
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
  if (stale) throw stale
  throw new ConclaveError('usage', `There is no message ${reference} in ${room.name}`, {
    hint: `conclave read ${room.name} --numbers shows the messages with their numbers.`,
  })
}

function notDeleted(item: MessageItem, later: readonly Change[]): MessageItem {
  if (isChange(item)) {
    throw new ConclaveError('usage', `Message ${item.seq} only changes another message`, {
      hint: `Give the ID of that one: ${item.to}`,
    })
  }
  const about = later.filter((change) => change.to === item.id)
  if (!changedBy(item, about).deleted) return item
  throw new ConclaveError('not-allowed', `Message ${item.seq} is deleted`, { hint: 'It can no longer be changed.' })
}

type ChangeContent = MessageContent & { readonly type: 'edit' | 'delete' | 'react' }

/** Sends a change of a message. @param contentOf what to send about the message with this ID */
export async function changeMessage(
  session: Session,
  roomName: string,
  reference: string,
  contentOf: (to: string) => ChangeContent,
): Promise<void> {
  checkReference(reference)
  const chat = await session.chat()
  const room = await session.room(roomName)
  const item = await findMessage(room, reference, session)
  const content = contentOf(item.id)
  checkCounts(chat, room, item, content)
  await new Delivery(session, chat, room, false).sendOne(content)
}

/** Readers ignore changes by people who may not make them: such a change is not sent. @throws not-allowed */
function checkCounts({ self }: Chat, room: Room, item: MessageItem, content: ChangeContent): void {
  const admin = room.members.some(({ fingerprint, role }) => fingerprint === self.fingerprint && role === 'admin')
  if (counts({ ...content, own: true, from: { ...self, id: '', admin } }, item)) return
  const author = item.from.name
  if (content.type === 'edit' && item.own) {
    throw new ConclaveError('not-allowed', `Message ${item.seq} has no text to edit`)
  }
  const who = content.type === 'edit' ? `only ${author} can edit it` : `only ${author} or an admin can delete it`
  throw new ConclaveError('not-allowed', `Message ${item.seq} is not yours: ${who}`, {
    hint: `To reply to it: conclave send ${room.name} TEXT --reply ${item.seq}`,
  })
}
