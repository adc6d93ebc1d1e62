/** `rotate ROOM`: new keys for a room. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addRotate(program: Command, act: Act): void {
  program
    .command('rotate')
    .summary('give a room new keys')
    .description(
      'Seals what is said from then on under a new secret, which every member gets. A kick does it by itself; this is ' +
        'for when a secret may have leaked in another way.',
    )
    .argument('<room>')
    .action(
      act(async (session, roomName: string) => {
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal)
        const { i } = await room.rotate()
        await session.out.print({ ok: true, i }, `${room.name} has new keys.`)
      }),
    )
}
