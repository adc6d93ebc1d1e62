/** `edit ROOM ID TEXT`: writes a message of one's own anew. */
import type { Command } from 'commander'
import { checkText } from '../delivery.ts'
import { changeMessage } from '../message-act.ts'
import type { Act } from '../session.ts'

export function addEdit(program: Command, act: Act): void {
  program
    .command('edit')
    .summary('write a message of yours anew')
    .description(
      'Replaces the text of a message of yours. Everybody sees that it was edited; who looks for the first text can ' +
        'still find it.',
    )
    .argument('<room>')
    .argument('<id>', 'its number, or its 32 digits (read --numbers, read --json)')
    .argument('<text>')
    .action(
      act(async (session, room: string, id: string, text: string) => {
        checkText(text)
        await changeMessage(session, room, id, (to) => ({ type: 'edit', to, text }))
      }),
    )
}
