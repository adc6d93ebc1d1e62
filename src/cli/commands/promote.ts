/** `promote ROOM NAME`: makes a member an admin. */
import type { Command } from 'commander'
import { memberAct } from '../member-act.ts'
import type { Act } from '../session.ts'

export function addPromote(program: Command, act: Act): void {
  program
    .command('promote')
    .description('make a member an admin')
    .argument('<room>')
    .argument('<name>')
    .action(act(memberAct((room, name) => room.promote(name), 'is now an admin of')))
}
