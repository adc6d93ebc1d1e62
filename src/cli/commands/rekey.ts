/** `rekey`: new keys for this identity, for when a machine or a copy of them was lost. */
import type { Command } from 'commander'
import { mayDo } from '../ask.ts'
import type { Act } from '../session.ts'

export function addRekey(program: Command, act: Act): void {
  program
    .command('rekey')
    .summary('take new keys, in all rooms')
    .description(
      'Gives your identity new keys in every room: nothing that is said from then on opens with the old ones.',
    )
    .option('--yes', 'do not ask')
    .action(
      act(async (session, { yes }: { readonly yes?: true }) => {
        const question = 'New keys for you, in every room? Your fingerprint changes.'
        if (!(await mayDo(session, question, yes === true))) return 4
        const chat = await session.chat()
        const { name, fingerprint, rooms } = await chat.rekey()
        await session.out.print({ name, fingerprint, rooms }, `${name}  ${fingerprint}\nNew keys in ${rooms} rooms.`)
        return 0
      }),
    )
}
