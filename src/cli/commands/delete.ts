/** `delete ROOM ID`: takes a message away. */
import type { Command } from 'commander'
import { changeMessage } from '../message-act.ts'
import type { Act } from '../session.ts'

export function addDelete(program: Command, act: Act): void {
  program
    .command('delete')
    .summary('delete a message')
    .description(
      'Deletes a message of yours; an admin can delete any. It is shown no more. The record of it stays in the log, ' +
        'and who has read it has read it.',
    )
    .argument('<room>')
    .argument('<id>', 'its number, or its 32 digits (read --numbers, read --json)')
    .action(
      act((session, room: string, id: string) => changeMessage(session, room, id, (to) => ({ type: 'delete', to }))),
    )
}
