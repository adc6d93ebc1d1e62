/** Where a password comes from: CONCLAVE_PASSWORD, the first line of --password-file, a person at the terminal. */
import { open } from 'node:fs/promises'
import { ConclaveError } from '../base/errors.ts'
import { passwordBytesMax } from '../base/limits.ts'
import type { Trouble } from './agent/agent-trouble.ts'
import type { GlobalOptions } from './options.ts'
import type { Prompt } from './prompt.ts'

export type PasswordSource = Pick<GlobalOptions, 'password' | 'passwordFile'>

/** The password that the environment or a file holds; undefined when there is neither. The file wins. */
export async function givenPassword({ password, passwordFile }: PasswordSource): Promise<string | undefined> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile)
  return password === undefined ? undefined : bounded(password)
}

export interface Asked {
  /** Why it is asked for although it was not to be. */
  readonly trouble?: Trouble | undefined
  /** Where nobody is there to ask: what else would do. */
  readonly instead?: string
}

/** @throws usage when nobody is there to ask. */
export async function obtainPassword(
  source: PasswordSource,
  name: string,
  prompt: Prompt,
  { trouble, instead }: Asked = {},
): Promise<string> {
  const given = await givenPassword(source)
  if (given !== undefined) return given
  const because = trouble && `${trouble.what}.\n${trouble.todo}.`
  if (!prompt.interactive) {
    throw new ConclaveError('usage', `the password of ${name} is needed, and there is no terminal to ask on`, {
      hint: [because, 'Set CONCLAVE_PASSWORD, or write it to a file and name that with --password-file.', instead]
        .filter((line) => line !== undefined)
        .join('\n'),
    })
  }
  return bounded(await prompt.askHidden(`${because === undefined ? '' : `${because}\n`}Password of ${name}: `))
}

async function readPasswordFile(file: string): Promise<string> {
  let text
  try {
    const handle = await open(file)
    try {
      // Enough to see that it is too long; a device without end is not read to its end.
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(passwordBytesMax + 2) })
      text = buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new ConclaveError('usage', `the password file ${file} can't be read`, {
      hint: (cause as Error).message,
      cause,
    })
  }
  const [line = ''] = text.split(/\r?\n/, 1)
  return bounded(line)
}

function bounded(password: string): string {
  if (password === '') throw new ConclaveError('usage', 'the password is empty')
  if (Buffer.byteLength(password) > passwordBytesMax) {
    throw new ConclaveError('usage', `the password is longer than ${passwordBytesMax} bytes`)
  }
  return password
}
