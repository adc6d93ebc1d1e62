/** Where a new password comes from: a file, a variable, a person at the terminal; or else six words are generated. */
import type { Accounts, NewPassword, Secret } from '../chat/accounts.ts'
import type { Session } from './session.ts'

/** What is proposed to a person is on his screen already, and not printed again. */
export interface Proposed extends NewPassword {
  readonly shown: boolean
}

/** @param given by a file or a variable */
export async function proposePassword(
  { prompt, out }: Session,
  accounts: Accounts,
  name: string,
  given: string | undefined,
): Promise<Proposed> {
  if (given !== undefined) return { password: given, chosen: true, shown: true }
  const passphrase = accounts.suggestPassphrase()
  if (!prompt.interactive || out.json) return { password: passphrase, chosen: false, shown: false }
  out.note(
    `A passphrase for ${name}, generated for you:\n\n  ${passphrase}\n\n` +
      'Write it down: it is shown this once, and nobody can reset it.',
  )
  const own = await askOwn(prompt, out, accounts, name)
  return { password: own ?? passphrase, chosen: own !== undefined, shown: true }
}

/** undefined: the generated one is taken. */
async function askOwn(
  prompt: Session['prompt'],
  out: Session['out'],
  accounts: Accounts,
  name: string,
): Promise<string | undefined> {
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

/**
 * Hands over what a person must write down, before it is in force. @returns whether there was something.
 */
export async function deliverSecret(
  { out }: Session,
  { self, recoveryCode }: Secret,
  { password, shown }: Proposed,
): Promise<boolean> {
  const { name, fingerprint } = self
  if (recoveryCode !== undefined) {
    const frame = 'The recovery code, shown this once; another machine asks for it beside the password:'
    await out.deliver({ name, fingerprint, recoveryCode }, `${frame}\n\n  ${recoveryCode}\n\n${name}  ${fingerprint}`)
    return true
  }
  if (shown) return false
  const frame = 'The passphrase of this identity, shown this once; write it down:'
  const text = `${frame}\n\n  ${password}\n\n${name}  ${fingerprint}`
  await out.deliver({ name, fingerprint, passphrase: password }, text)
  return true
}
