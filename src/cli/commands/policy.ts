/** `policy ROOM`: who lets people in, and whether the room is listed. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { policyText } from '../../chat/wording.ts'
import { bringUpToDate } from '../freshness.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly acceptBy?: 'members' | 'admins'
  readonly listed?: true
  readonly unlisted?: true
}

export function addPolicy(program: Command, act: Act): void {
  program
    .command('policy')
    .summary('show or change the rules of a room')
    .description('Shows who lets people in and whether the room is listed; with options an admin changes it.')
    .argument('<room>')
    .addOption(new Option('--accept-by <who>', 'who lets people in').choices(['members', 'admins']))
    .addOption(new Option('--listed', 'show it in the list of rooms').conflicts('unlisted'))
    .option('--unlisted', 'do not show it there any more')
    .action(
      act(async (session, roomName: string, { acceptBy, listed, unlisted }: Options) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        if (acceptBy === undefined && !listed && !unlisted) {
          const behind = await bringUpToDate(room, signal)
          const rules = { acceptBy: room.policy.acceptBy, listed: room.policy.listed }
          await out.print(rules, room.name.startsWith('@') ? 'A direct message has no rules.' : policyText(rules))
          if (behind) throw behind
          return
        }
        const { i } = await room.setPolicy({
          ...(acceptBy === undefined ? {} : { acceptBy }),
          ...(listed || unlisted ? { listed: listed === true } : {}),
        })
        await out.print({ ok: true, i }, `The rules of ${room.name} are changed.`)
      }),
    )
}
