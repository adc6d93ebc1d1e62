/** Questions before something that one could regret: asked where a person is at the terminal, and nowhere else. */
import type { Confirm } from '../chat/chat.ts'
import { UnconfirmedKey } from '../chat/people/unconfirmed-key.ts'
import type { Session } from './session.ts'

/** Whether it may be done. `yes`: the person said so on the command line; a script has said so by running it. */
export async function mayDo({ prompt, out }: Session, question: string, yes: boolean): Promise<boolean> {
  if (yes || !prompt.interactive || out.json) return true
  const answer = await prompt.ask(`${question} [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return true
  out.note('Nothing was done.')
  return false
}

/** Does something with somebody's key; one that was never seen is asked about, one that changed is refused. */
export async function withKey<T>(
  { prompt, out }: Session,
  confirm: Confirm,
  work: (confirm: Confirm) => Promise<T>,
): Promise<T> {
  try {
    return await work(confirm)
  } catch (error) {
    const asked = error instanceof UnconfirmedKey && error.known === undefined && confirm.fingerprint === undefined
    if (!asked || !prompt.interactive || out.json) throw error
    const { name, fingerprint } = error.person
    const question = `The key of ${name} was never seen here: ${fingerprint}\nIs it the one that ${name} has? [y/N] `
    if (!/^y(es)?$/i.test((await prompt.ask(question)).trim())) throw error
    return work({ fingerprint })
  }
}
