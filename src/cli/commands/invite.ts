/** `invite ROOM NAME`: offers somebody a seat; entering is his act. */
import type { Command } from 'commander'
import { addConfirmOptions } from '../confirm.ts'
import { memberAct } from '../member-act.ts'
import type { Act } from '../session.ts'

export function addInvite(program: Command, act: Act): void {
  const command = program
    .command('invite')
    .summary('offer somebody a seat in a room')
    .description(
      'Invites somebody: he enters with conclave join, and nobody needs to accept him. A key that was never seen here ' +
        'must be confirmed: compare its fingerprint with him, or trust what the store says.',
    )
    .argument('<room>')
    .argument('<name>')
  addConfirmOptions(command).action(
    act(memberAct((room, name, confirm) => room.invite(name, confirm), 'is invited into')),
  )
}
