/** `signup NAME`: a new identity, with a passphrase generated here or a password of one's own. */
import type { Command } from 'commander'
import { deliverSecret, proposePassword } from '../new-password.ts'
import { givenPassword } from '../password.ts'
import type { Act, Session } from '../session.ts'

export function addSignup(program: Command, act: Act): void {
  program
    .command('signup')
    .summary('make a new identity')
    .description(
      'Makes a new identity: a name that nobody else in this store has, and its keys.\n\n' +
        'With CONCLAVE_PASSWORD or --password-file the password is your own: a weak one is refused, and a recovery ' +
        'code is printed that another machine will ask for. Else six random words are generated and printed once.\n\n' +
        'What is printed is printed before the name is claimed; the name is yours once the exit code is 0. If the ' +
        'program is cut off in between, conclave login NAME with it goes on.',
    )
    .argument('<name>', '2 to 32 letters, digits, _ and -')
    .action(act(signUp))
}

async function signUp(session: Session, name: string): Promise<void> {
  const accounts = await session.accounts()
  const proposed = await proposePassword(session, accounts, name, await givenPassword(session.options))
  let delivered = false
  const { chat } = await accounts.signUp({
    name,
    password: proposed.password,
    chosen: proposed.chosen,
    announce: async (secret) => {
      delivered = await deliverSecret(session, secret, proposed)
    },
  })
  const { name: own, fingerprint } = session.keep(chat).self
  if (!delivered) await session.out.print({ name: own, fingerprint }, `${own}  ${fingerprint}`)
}
