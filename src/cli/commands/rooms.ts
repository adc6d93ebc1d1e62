/** `rooms`: the rooms that one is in or waits for, and the listed ones. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { behind } from '../freshness.ts'
import type { Act } from '../session.ts'
import { table } from '../table.ts'

export function addRooms(program: Command, act: Act): void {
  program
    .command('rooms')
    .description('list your rooms, and those you can join')
    .action(
      act(async (session) => {
        const { out, signal } = session
        const chat = await session.chat()
        const rooms = await chat.rooms(signal)
        if (out.json) for (const room of rooms) await out.print(roomObject(room), '')
        else if (rooms.length > 0) await out.text(table(rooms.map(roomRow)))
        else await out.text('No rooms yet: conclave create NAME makes one.')
        if (chat.connection.state !== 'online') {
          throw behind(new ConclaveError('unavailable', `the store does not answer (${chat.connection.detail})`))
        }
      }),
    )
}

function roomObject({
  name,
  id,
  standing,
  unread,
  mentions,
  members,
}: RoomSummary): Record<string, string | number | boolean> {
  return { room: name, id, joined: standing === 'member', unread, mentions, members, standing }
}

function roomRow({ name, id, standing, unread, members }: RoomSummary): string[] {
  const state = standing === 'member' ? count(members, 'member') : standingText[standing]
  return [name, state, unread === 0 ? '' : `${unread} unread`, id.slice(0, 20)]
}

const standingText = {
  invited: 'invited: join it',
  waiting: 'waiting to be accepted',
  rejected: 'rejected',
  kicked: 'kicked',
  left: 'left',
  stranger: 'not joined',
} as const

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
