/** `react ROOM ID EMOJI`: an emoji for a message. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { emojiOf } from '../../tui/text/emoji.ts'
import { changeMessage } from '../message-act.ts'
import type { Act } from '../session.ts'

export function addReact(program: Command, act: Act): void {
  program
    .command('react')
    .summary('react to a message with an emoji')
    .description('Gives a message an emoji, or takes yours back. yes, no, heart, laugh, party, … stand for some.')
    .argument('<room>')
    .argument('<id>', 'its number, or its 32 digits (read --numbers, read --json)')
    .argument('<emoji>')
    .option('--off', 'take it back')
    .action(
      act(async (session, room: string, id: string, typed: string, { off }: { readonly off?: true }) => {
        const emoji = emojiOf(typed)
        if (emoji === undefined) {
          throw new ConclaveError('usage', `not an emoji: ${typed}`, {
            hint: 'one, or a name such as yes, heart, party',
          })
        }
        await changeMessage(session, room, id, (to) => ({ type: 'react', to, emoji, on: off !== true }))
      }),
    )
}
