/** `policy ROOM`: who lets people in, and whether the room is listed. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly acceptBy?: 'members' | 'admins'
  readonly listed?: true
  readonly unlisted?: true
}

export function addPolicy(program: Command, act: Act): void {
  program
    .command('policy')
    .description('change the rules of a room')
    .argument('<room>')
    .addOption(new Option('--accept-by <who>', 'who lets people in').choices(['members', 'admins']))
    .addOption(new Option('--listed', 'show it in the list of rooms').conflicts('unlisted'))
    .option('--unlisted', 'do not show it there any more')
    .action(
      act(async (session, roomName: string, { acceptBy, listed, unlisted }: Options) => {
        if (acceptBy === undefined && !listed && !unlisted) {
          throw new ConclaveError('usage', 'no rule is named', { hint: 'conclave policy --help lists them.' })
        }
        const chat = await session.chat()
        const room = await chat.open(roomName, session.signal)
        const { i } = await room.setPolicy({
          ...(acceptBy === undefined ? {} : { acceptBy }),
          ...(listed || unlisted ? { listed: listed === true } : {}),
        })
        await session.out.print({ ok: true, i }, `The rules of ${room.name} are changed.`)
      }),
    )
}
