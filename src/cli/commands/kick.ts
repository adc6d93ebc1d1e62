/** `kick ROOM NAME`: removes a member; what is said from then on is sealed under keys that he does not get. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addKick(program: Command, act: Act): void {
  program
    .command('kick')
    .summary('remove a member')
    .description('Removes a member: nothing that is said from then on opens for him. What he has read, he keeps.')
    .argument('<room>')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .action(
      act(async (session, roomName: string, name: string, { yes }: { readonly yes?: true }) => {
        const { out, prompt, signal } = session
        const chat = await session.chat()
        const room = await chat.open(roomName, signal)
        if (prompt.interactive && !out.json && !yes) {
          const answer = await prompt.ask(`Kick ${name} from ${room.name}? [y/N] `)
          if (!/^y(es)?$/i.test(answer.trim())) {
            out.note('Nothing was done.')
            return 4
          }
        }
        const { i } = await room.kick(name)
        await out.print({ ok: true, i }, `${name} was kicked from ${room.name}`)
        return 0
      }),
    )
}
