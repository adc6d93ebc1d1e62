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
    .option('--fingerprint <digits>', 'where two are called so: whose key')
    .action(act(memberAct((room, name, options) => room.promote(name, options), 'is now an admin of')))
}
