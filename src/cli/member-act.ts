/** What accept, reject, invite, promote and demote have in common: one act on one person in a room. */
import type { Confirm, Done, Room } from '../chat/chat.ts'
import { withKey } from './ask.ts'
import type { Action } from './session.ts'

/** @param outcome between the person's name and the room's */
export function memberAct(
  operation: (room: Room, name: string, confirm: Confirm) => Promise<Done>,
  outcome: string,
): Action<[room: string, name: string, confirm: Confirm]> {
  return async (session, roomName, name, confirm) => {
    const chat = await session.chat()
    const room = await chat.open(roomName, session.signal)
    const { i } = await withKey(session, confirm, (confirmed) => operation(room, name, confirmed))
    await session.out.print({ ok: true, i }, `${name} ${outcome} ${room.name}`)
  }
}
