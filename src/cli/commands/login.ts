/** `login NAME`: fetches an identity to this machine, or checks its password where it is known already. */
import type { Command } from 'commander'
import { obtainPassword } from '../password.ts'
import type { Act } from '../session.ts'

export function addLogin(program: Command, act: Act): void {
  program
    .command('login')
    .summary('fetch your identity on another machine')
    .description(
      'Fetches your identity from the store to this machine, and makes it the one that commands use.\n\n' +
        'A password of your own needs its recovery code too, typed or in CONCLAVE_RECOVERY_CODE.',
    )
    .argument('<name>', 'the name that you signed up with')
    .action(
      act(async (session, name: string) => {
        const password = await obtainPassword(session.options, name, session.prompt)
        const chat = await session.logIn(name, password)
        const { fingerprint } = chat.self
        await session.out.print({ name: chat.self.name, fingerprint }, `${chat.self.name}  ${fingerprint}`)
      }),
    )
}
