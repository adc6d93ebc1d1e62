/** `whoami`: name and fingerprint of the identity that commands use; needs neither password nor store. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addWhoami(program: Command, act: Act): void {
  program
    .command('whoami')
    .summary('print your name and fingerprint')
    .description('Prints name and fingerprint of the identity that commands use. Needs neither password nor store.')
    .action(
      act(async (session) => {
        const { name, fingerprint } = await session.self()
        await session.out.print({ name, fingerprint }, `${name}  ${fingerprint}`)
      }),
    )
}
