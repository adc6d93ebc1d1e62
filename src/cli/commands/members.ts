/** `members ROOM`: who is in, with role and fingerprint. */
import type { Command } from 'commander'
import { bringUpToDate } from '../freshness.ts'
import type { Act } from '../session.ts'
import { table } from '../table.ts'

export function addMembers(program: Command, act: Act): void {
  program
    .command('members')
    .description('list who is in a room')
    .argument('<room>')
    .action(
      act(async (session, roomName: string) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        const behind = await bringUpToDate(room, signal)
        if (!out.json) {
          await out.text(table(room.members.map(({ name, role, fingerprint }) => [name, role, fingerprint])))
        }
        for (const { name, role, fingerprint } of room.members) await out.print({ name, role, fingerprint }, '')
        if (behind) throw behind
      }),
    )
}
