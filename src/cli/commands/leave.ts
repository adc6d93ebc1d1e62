/** `leave ROOM`. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addLeave(program: Command, act: Act): void {
  program
    .command('leave')
    .description('leave a room')
    .argument('<room>')
    .action(
      act(async (session, roomName: string) => {
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal)
        const { i } = await room.leave()
        await session.out.print({ ok: true, i }, `You left ${room.name}.`)
      }),
    )
}
