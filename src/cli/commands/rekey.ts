/** `rekey`: new keys for this identity, for when a machine or a copy of them was lost. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addRekey(program: Command, act: Act): void {
  program
    .command('rekey')
    .summary('take new keys, in all rooms')
    .description(
      'Gives your identity new keys in every room: nothing that is said from then on opens with the old ones.',
    )
    .action(
      act(async (session) => {
        const chat = await session.chat()
        const { name, fingerprint, rooms } = await chat.rekey()
        await session.out.print({ name, fingerprint, rooms }, `${name}  ${fingerprint}\nNew keys in ${rooms} rooms.`)
      }),
    )
}
