/** `node join TICKET`: this machine becomes a further node of a cluster. */
import type { Command } from 'commander'
import { addNodeOptions, type NodeFlags } from '../node-options.ts'
import type { Act } from '../session.ts'

interface Options extends NodeFlags {
  readonly code?: string
  readonly background?: true
}

export function addNodeJoin(node: Command, act: Act): void {
  const command = node
    .command('join')
    .description('become a further node of a cluster; interrupted, run it again')
    .argument('<ticket>', 'from node invite on a machine that is in')
    .option('--code <code>', 'shown beside the ticket (or set CONCLAVE_TICKET_CODE)')
    .option('--background', 'run it as a process of its own; node stop ends it')
  addNodeOptions(command).action(
    act(async (session, ticket: string, options: Options) => {
      const { joinCommand } = await import('../node-commands.ts')
      return joinCommand(session, ticket, options)
    }),
  )
}
