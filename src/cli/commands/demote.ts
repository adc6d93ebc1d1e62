/** `demote ROOM NAME`: makes an admin a member again. */
import type { Command } from 'commander'
import { memberAct } from '../member-act.ts'
import type { Act } from '../session.ts'

export function addDemote(program: Command, act: Act): void {
  program
    .command('demote')
    .description('make an admin a member like the others')
    .argument('<room>')
    .argument('<name>')
    .option('--fingerprint <digits>', 'where two are called so: whose key')
    .action(act(memberAct((room, name, options) => room.demote(name, options), 'is no longer an admin of')))
}
