/** `reject ROOM NAME`: turns somebody away who knocked. */
import type { Command } from 'commander'
import { memberAct } from '../member-act.ts'
import type { Act } from '../session.ts'

export function addReject(program: Command, act: Act): void {
  program
    .command('reject')
    .description('turn somebody away who asked to join')
    .argument('<room>')
    .argument('<name>')
    .option('--fingerprint <digits>', 'only the key with this fingerprint')
    .action(act(memberAct((room, name, options) => room.reject(name, options), 'was turned away from')))
}
