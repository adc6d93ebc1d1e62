/** `connect TICKET`: this home uses a cluster, without a node of its own. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addConnect(program: Command, act: Act): void {
  program
    .command('connect')
    .description('use a cluster from this machine, with a ticket from node invite --client')
    .argument('<ticket>')
    .action(
      act(async (session, ticket: string) => {
        const { connectCommand } = await import('../node-commands.ts')
        return connectCommand(session, ticket)
      }),
    )
}
