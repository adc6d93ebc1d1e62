/** What edit, delete and react have in common: a message about another one, sent once it makes sense. */
import { ConclaveError } from '../base/errors.ts'
import { counts, type Change } from '../chat/timeline/changes.ts'
import type { Chat, Room } from '../chat/chat.ts'
import type { MessageContent, MessageItem } from '../chat/item.ts'
import { Delivery } from './delivery.ts'
import { checkReference, findMessage } from './find-message.ts'
import type { Session } from './session.ts'

export type ChangeContent = MessageContent & { readonly type: 'edit' | 'delete' | 'react' }

/** @param contentOf what is to be sent about the message of this id. */
export async function changeMessage(
  session: Session,
  roomName: string,
  reference: string,
  contentOf: (to: string) => ChangeContent,
): Promise<void> {
  checkReference(reference)
  const { out, signal } = session
  const chat = await session.chat()
  const room = await chat.open(roomName, signal)
  const item = await findMessage(room, reference, signal)
  const content = contentOf(item.id)
  checkCounts(chat, room, item, content)
  await new Delivery({ chat, room, out, signal, queue: false }).sendOne(content)
}

/** What would have no effect is refused, and not sent. @throws not-allowed */
function checkCounts({ self }: Chat, room: Room, item: MessageItem, content: ChangeContent): void {
  const admin = room.members.some(({ fingerprint, role }) => fingerprint === self.fingerprint && role === 'admin')
  const change: Change = { ...content, own: true, from: { ...self, id: '', admin } }
  if (counts(change, item)) return
  const author = item.from.name
  if (content.type === 'edit' && item.own) {
    throw new ConclaveError('not-allowed', `message ${item.seq} has no text to edit`)
  }
  const who = content.type === 'edit' ? `only ${author} can edit it` : `only ${author} or an admin can delete it`
  throw new ConclaveError('not-allowed', `message ${item.seq} is not yours: ${who}`, {
    hint: `conclave send ${room.name} TEXT --reply ${item.seq} answers it`,
  })
}
