/** `kick ROOM NAME`: removes a member; what is said from then on is sealed under keys that he does not get. */
import type { Command } from 'commander'
import { mayDo } from '../ask.ts'
import type { Act } from '../session.ts'

interface Options {
  readonly fingerprint?: string
  readonly yes?: true
}

export function addKick(program: Command, act: Act): void {
  program
    .command('kick')
    .summary('remove a member')
    .description(
      'Removes a member: nothing that is said from then on opens for him. What he has read, he keeps. ' +
        'Somebody who is only invited is not invited any more.',
    )
    .argument('<room>')
    .argument('<name>')
    .option('--fingerprint <digits>', 'where two are called so: whose key')
    .option('--yes', 'do not ask')
    .action(
      act(async (session, roomName: string, name: string, options: Options) => {
        const { out, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        if (!(await mayDo(session, `Kick ${name} from ${room.name}?`, options.yes === true))) return 4
        const { fingerprint } = options
        const { i } = await room.kick(name, fingerprint === undefined ? {} : { fingerprint })
        await out.print({ ok: true, i }, `${name} was kicked from ${room.name}`)
        return 0
      }),
    )
}
