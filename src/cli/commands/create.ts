/** `create ROOM`: a new room, with oneself as its admin. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { Act } from '../session.ts'

interface Options {
  readonly unlisted?: true
  readonly acceptBy?: 'members' | 'admins'
}

export function addCreate(program: Command, act: Act): void {
  program
    .command('create')
    .description('make a room')
    .argument('<room>', 'its name: up to 64 letters, digits, _ and -')
    .option('--unlisted', 'do not show it in the list of rooms: people join by its full name and id')
    .addOption(new Option('--accept-by <who>', 'who lets people in').choices(['members', 'admins']))
    .action(
      act(async (session, name: string, { unlisted, acceptBy }: Options) => {
        const chat = await session.chat()
        const room = await chat.create(name, {
          ...(unlisted === undefined ? {} : { unlisted }),
          ...(acceptBy === undefined ? {} : { acceptBy }),
        })
        const text = `${room.name} is made; its id: ${room.id}`
        await session.out.print({ ok: true, room: room.name, id: room.id }, text)
      }),
    )
}
