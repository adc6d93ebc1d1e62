/** `signup NAME`: a new identity, with a passphrase generated here or a password of one's own. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Accounts, SignedUp } from '../../chat/accounts.ts'
import { givenPassword } from '../password.ts'
import type { Act, Session } from '../session.ts'

export function addSignup(program: Command, act: Act): void {
  program
    .command('signup')
    .summary('make a new identity')
    .description(
      'Makes a new identity: a name that nobody else in this store has, and its keys.\n\n' +
        'With CONCLAVE_PASSWORD or --password-file the password is your own: a weak one is refused, and a recovery ' +
        'code is printed that another machine will ask for. Else six random words are generated and printed once.',
    )
    .argument('<name>', '2 to 32 letters, digits, _ and -')
    .action(act(signUp))
}

async function signUp(session: Session, name: string): Promise<void> {
  const accounts = await session.accounts()
  const given = await givenPassword(session.options)
  if (given !== undefined) return signUpWithOwn(session, accounts, name, given)
  const passphrase = accounts.suggestPassphrase()
  const { prompt, out } = session
  if (!prompt.interactive || out.json) {
    const signedUp = await accounts.signUp({ name, password: passphrase, chosen: false })
    const frame = 'The passphrase of this identity, shown this once; write it down:'
    return report(session, signedUp, { passphrase }, `${frame}\n\n  ${passphrase}\n`)
  }
  out.note(
    `A passphrase for ${name}, generated for you:\n\n  ${passphrase}\n\n` +
      'Write it down: it is shown this once, and nobody can reset it.',
  )
  const own = await askOwn(session, accounts, name)
  if (own !== undefined) return signUpWithOwn(session, accounts, name, own)
  return report(session, await accounts.signUp({ name, password: passphrase, chosen: false }), {}, '')
}

/** undefined: the generated one is taken. */
async function askOwn({ prompt, out }: Session, accounts: Accounts, name: string): Promise<string | undefined> {
  for (;;) {
    const own = await prompt.askHidden('Enter takes it; or type a password of your own: ')
    if (own === '') return undefined
    const weakness = await accounts.weakness(own, name)
    if (weakness !== undefined) {
      out.note(`Too weak: ${weakness}`)
      continue
    }
    if ((await prompt.askHidden('The same again: ')) === own) return own
    out.note('These two differ.')
  }
}

async function signUpWithOwn(session: Session, accounts: Accounts, name: string, password: string): Promise<void> {
  const weakness = await accounts.weakness(password, name)
  if (weakness !== undefined) {
    throw new ConclaveError('usage', `this password is too weak: ${weakness}`, {
      hint: 'Take a longer one; or give none, and six random words are generated for you.',
    })
  }
  const signedUp = await accounts.signUp({ name, password, chosen: true })
  const { recoveryCode } = signedUp
  if (recoveryCode === undefined) return report(session, signedUp, {}, '')
  const frame = 'The recovery code, shown this once; another machine asks for it beside the password:'
  return report(session, signedUp, { recoveryCode }, `${frame}\n\n  ${recoveryCode}\n`)
}

async function report(
  session: Session,
  { chat }: SignedUp,
  secret: Readonly<Record<string, string>>,
  secretText: string,
): Promise<void> {
  const { name, fingerprint } = session.keep(chat).self
  const text = [secretText, `${name}  ${fingerprint}`].filter((line) => line !== '').join('\n')
  await session.out.print({ name, fingerprint, ...secret }, text)
}
