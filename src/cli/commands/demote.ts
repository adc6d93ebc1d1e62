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
    .action(act(memberAct((room, name) => room.demote(name), 'is no longer an admin of')))
}
