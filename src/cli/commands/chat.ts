/** `chat [ROOM]`, also what an empty command line means: the terminal interface. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { givenPassword } from '../password.ts'
import type { Act, Session, Unlocked } from '../session.ts'
import { version } from '../version.ts'

export function addChat(program: Command, act: Act): void {
  program
    .command('chat')
    .summary('the terminal interface; the default')
    .description('Opens the terminal interface, in a room if one is named.')
    .argument('[room]')
    .action(
      act(async (session, room: string | undefined) => {
        const { options, stdin } = session
        // Where errors go is nobody's business: `2>log` is no writeBlocker.
        if (!stdin.isTTY || !process.stdout.isTTY || options.json) {
          throw new ConclaveError('usage', 'the terminal interface needs a terminal', {
            hint: 'For scripts there are commands: conclave --help lists them.',
          })
        }
        const password = await givenPassword(options)
        const { accounts, storeLabel } = await session.wiring()
        const { chat, trouble } = password === undefined ? await unlocked(session) : {}
        const { runTui } = await import('../../tui/run.ts')
        return runTui({
          accounts,
          storeLabel,
          version,
          ...(options.as === undefined ? {} : { as: options.as }),
          ...(password === undefined ? {} : { password }),
          ...(chat === undefined ? {} : { chat }),
          ...(trouble === undefined ? {} : { trouble }),
          ...(room === undefined ? {} : { room }),
        })
      }),
    )
}

/** Of the identity that commands would use. In a home without one there is nothing to unlock. */
async function unlocked(session: Session): Promise<Unlocked> {
  if (session.options.as === undefined && (await session.identities()).length === 0) return {}
  return session.unlocked(await session.name())
}
