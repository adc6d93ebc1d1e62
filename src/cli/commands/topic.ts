/** `topic ROOM TEXT`: what the room is about; an empty text takes the topic away. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addTopic(program: Command, act: Act): void {
  program
    .command('topic')
    .description('say what a room is about')
    .argument('<room>')
    .argument('<text>', "'' takes the topic away")
    .action(
      act(async (session, roomName: string, text: string) => {
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal)
        const { i } = await room.setTopic(text)
        await session.out.print({ ok: true, i }, text === '' ? 'The topic is gone.' : `The topic: ${text}`)
      }),
    )
}
