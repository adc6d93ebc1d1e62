/** `accept ROOM NAME`: lets somebody in who knocked. */
import type { Command } from 'commander'
import { memberAct } from '../member-act.ts'
import type { Act } from '../session.ts'

export function addAccept(program: Command, act: Act): void {
  program
    .command('accept')
    .description('let somebody in who asked to join')
    .argument('<room>')
    .argument('<name>')
    .option('--fingerprint <digits>', 'only the key with this fingerprint')
    .action(act(memberAct((room, name, options) => room.accept(name, options), 'is in')))
}
