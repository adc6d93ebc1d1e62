/**
 * Where passphrases come from: CONCLAVE_PASSWORD, the first line of a file, a person at the terminal. If none is given,
 * a new one is six generated words.
 */
import { open } from 'node:fs/promises'
import { ConclaveError } from '../../base/errors.ts'
import { passwordBytesMax } from '../../base/limits.ts'
import type { Accounts, NewPassword, Secret } from '../../chat/accounts.ts'
import type { Trouble } from '../agent/ask-agent.ts'
import type { Output } from '../output/output.ts'
import type { GlobalOptions } from './options.ts'
import type { Prompt } from './prompt.ts'

export type PassphraseSource = Pick<GlobalOptions, 'password' | 'passwordFile'>

/** From the environment or a file; undefined when there is neither. The file wins. */
export async function givenPassphrase({ password, passwordFile }: PassphraseSource): Promise<string | undefined> {
  if (passwordFile !== undefined) return readPassphraseFile(passwordFile)
  return password === undefined ? undefined : bounded(password)
}

interface Asked {
  /** Why the identity is not unlocked although it should be. */
  readonly trouble?: Trouble | undefined
  /** The alternatives, if no one is there to ask. */
  readonly instead?: string
}

/** @throws usage when no one is there to ask. */
export async function obtainPassphrase(
  source: PassphraseSource,
  name: string,
  prompt: Prompt,
  { trouble, instead }: Asked = {},
): Promise<string> {
  const given = await givenPassphrase(source)
  if (given !== undefined) return given
  const because = trouble && `${trouble.what}.\n${trouble.todo}.`
  if (!prompt.interactive) {
    const how = 'Set CONCLAVE_PASSWORD, or write it to a file and name that with --password-file.'
    throw new ConclaveError('usage', `The passphrase of ${name} is needed, and there is no terminal to ask on`, {
      hint: [because, how, instead].filter((line) => line !== undefined).join('\n'),
    })
  }
  return bounded(await prompt.askHidden(`${because === undefined ? '' : `${because}\n`}Passphrase for ${name}: `))
}

async function readPassphraseFile(file: string): Promise<string> {
  let text
  try {
    const handle = await open(file)
    try {
      // Enough to see that it is too long; an endless device is not read to its end.
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(passwordBytesMax + 2) })
      text = buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const { message } = cause as Error
    throw new ConclaveError('usage', `Can't read the passphrase file ${file}`, { hint: message, cause })
  }
  const [line = ''] = text.split(/\r?\n/, 1)
  return bounded(line)
}

function bounded(passphrase: string): string {
  if (passphrase === '') throw new ConclaveError('usage', 'The passphrase is empty')
  if (Buffer.byteLength(passphrase) <= passwordBytesMax) return passphrase
  throw new ConclaveError('usage', `The passphrase is longer than ${passwordBytesMax} bytes`)
}

/** The part of a session that is needed here. */
interface Asking {
  readonly prompt: Prompt
  readonly out: Output
  readonly interactive: boolean
}

/** `shown`: the person has seen it already, and it is not printed again. */
export type Proposed = NewPassword & { readonly shown: boolean }

/** @param given by a file or a variable */
export async function proposePassphrase(
  asking: Asking,
  accounts: Accounts,
  name: string,
  given: string | undefined,
): Promise<Proposed> {
  if (given !== undefined) return { password: given, chosen: true, shown: true }
  const passphrase = accounts.suggestPassphrase()
  if (!asking.interactive) return { password: passphrase, chosen: false, shown: false }
  asking.out.note(
    `Your passphrase, ${name}:\n\n  ${passphrase}\n\n` +
      'Write it down on paper: it is shown only once, and nobody can recover it for you.',
  )
  const own = await askOwn(asking, accounts, name)
  return { password: own ?? passphrase, chosen: own !== undefined, shown: true }
}

/** undefined: use the generated one. */
async function askOwn({ prompt, out }: Asking, accounts: Accounts, name: string): Promise<string | undefined> {
  for (;;) {
    const own = await prompt.askHidden('Press Enter to use it, or type your own instead: ')
    if (own === '') return undefined
    const weakness = await accounts.weakness(own, name)
    if (weakness !== undefined) out.note(`Too weak: ${weakness}`)
    else if ((await prompt.askHidden('Repeat passphrase: ')) === own) return own
    else out.note("The two didn't match.")
  }
}

/** Shows what a person must write down before it takes effect. @returns whether there was anything */
export async function deliverSecret(
  { out }: Asking,
  { self: { name, fingerprint }, recoveryCode }: Secret,
  { password, shown }: Proposed,
): Promise<boolean> {
  const [frame, secret, facts] =
    recoveryCode !== undefined
      ? [
          "Your recovery code, shown only once. You'll need it with your passphrase to log in on another machine:",
          recoveryCode,
          { recoveryCode },
        ]
      : ['Your passphrase, shown only once; write it down:', password, { passphrase: password }]
  if (recoveryCode === undefined && shown) return false
  await out.deliver({ name, fingerprint, ...facts }, `${frame}\n\n  ${secret}\n\n${name}  ${fingerprint}`)
  return true
}
