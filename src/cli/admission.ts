/** What accept and reject have in common: a knock is found by name, and by fingerprint where two share it. */
import type { Done, Room } from '../chat/chat.ts'
import type { Action } from './session.ts'

interface Options {
  readonly fingerprint?: string
}

export function decide(
  operation: (room: Room, name: string, options: Options) => Promise<Done>,
  outcome: string,
): Action<[room: string, name: string, options: Options]> {
  return async (session, roomName, name, options) => {
    const chat = await session.chat()
    const room = await chat.open(roomName, session.signal)
    const { i } = await operation(room, name, options)
    await session.out.print({ ok: true, i }, `${name} ${outcome} ${room.name}`)
  }
}
