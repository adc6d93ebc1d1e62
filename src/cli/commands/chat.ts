/** `chat [ROOM]`, also what an empty command line means: the terminal interface. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import type { Act } from '../session.ts'

export function addChat(program: Command, act: Act): void {
  program
    .command('chat')
    .summary('the terminal interface; the default')
    .description('Opens the terminal interface, in a room if one is named.')
    .argument('[room]')
    .action(
      act(async ({ prompt }) => {
        if (!prompt.interactive) {
          throw new ConclaveError('usage', 'the terminal interface needs a terminal', {
            hint: 'conclave --help lists the commands for scripts.',
          })
        }
      }),
    )
}
