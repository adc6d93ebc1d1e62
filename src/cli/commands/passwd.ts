/** `passwd`: another password for this identity. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { NewPassword } from '../../chat/accounts.ts'
import { deliverSecret, proposePassword, type Proposed } from '../new-password.ts'
import { givenPassword, obtainPassword } from '../password.ts'
import type { Act, Session } from '../session.ts'

interface Options {
  readonly newPasswordFile?: string
  readonly replaceCopy?: true
}

export function addPasswd(program: Command, act: Act): void {
  program
    .command('passwd')
    .summary('change your password')
    .description(
      'Changes the password of your identity. The old one is asked for, also where the identity is unlocked.\n\n' +
        'With CONCLAVE_NEW_PASSWORD or --new-password-file the new one is your own: a weak one is refused, and a new ' +
        'recovery code is printed. Else six random words are generated and printed once. What is printed is printed ' +
        'before anything is changed: until the exit code is 0, the old password may still be the one that counts.\n\n' +
        'Other machines keep the old password until passwd is run there too: it then takes the new one over. ' +
        'Whoever has both an old copy of your keys and the old password still has your keys: run rekey then as well.',
    )
    .option('--new-password-file <file>', 'its first line is the new password')
    .option('--replace-copy', 'nobody knows the password that another machine has changed it to')
    .action(act(changePassword))
}

async function changePassword(session: Session, options: Options): Promise<void> {
  const { out } = session
  const accounts = await session.accounts()
  const name = await session.name()
  const password = await obtainPassword(session.options, name, session.prompt)
  const given = await givenPassword({
    password: session.options.newPassword,
    passwordFile: options.newPasswordFile,
  })
  let proposed: Proposed | undefined
  let delivered = false
  const { self, takenOver, copied } = await accounts.changePassword({
    name,
    password,
    choose: async ({ elsewhere }) => {
      if (elsewhere) return passwordOfElsewhere(session, name, given)
      return (proposed = await proposePassword(session, accounts, name, given))
    },
    announce: async (secret) => {
      if (proposed !== undefined) delivered = await deliverSecret(session, secret, proposed)
    },
    ...(options.replaceCopy === undefined ? {} : { replaceCopy: true }),
  })
  const { lockAgent } = await import('../agent/ask-agent.ts')
  const wasUnlocked = (await lockAgent(session.options.home, self.name)) !== 'none'
  const { fingerprint } = self
  const done = takenOver
    ? `${self.name} has the password of the other machine here too.`
    : `The password of ${self.name} is changed.`
  if (delivered) await out.text(done)
  else await out.print({ name: self.name, fingerprint }, done)
  if (wasUnlocked) out.note('It is locked now: conclave unlock asks for the new one.')
  if (!copied)
    out.note('The copy in the store, for other machines, is not changed yet: the next start brings it along.')
}

/** The one that it was changed to on another machine, which is to count here too. */
async function passwordOfElsewhere(
  { prompt, options }: Session,
  name: string,
  given: string | undefined,
): Promise<NewPassword & { readonly recoveryCode?: string }> {
  if (given === undefined && !prompt.interactive) {
    throw new ConclaveError('wrong-password', `the password of ${name} was changed on another machine`, {
      hint: 'Give the one that it was changed to (CONCLAVE_NEW_PASSWORD or --new-password-file): it then counts here too.',
    })
  }
  const password =
    given ??
    (await prompt.askHidden(`The password that ${name} was given on the other machine, to take it over here: `))
  const code =
    options.recoveryCode ??
    (prompt.interactive ? await prompt.ask('Its recovery code (Enter, if it is six generated words): ') : '')
  return { password, chosen: false, ...(code.trim() === '' ? {} : { recoveryCode: code.trim() }) }
}
