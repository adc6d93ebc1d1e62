/** `node remove NAME`: takes a node out of the cluster. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addNodeRemove(node: Command, act: Act): void {
  node
    .command('remove')
    .description('take a node out of the cluster, for good')
    .argument('<name>', 'its name, id or address')
    .option('--yes', 'do not ask')
    .action(
      act(async (session, name: string, { yes }: { readonly yes?: true }) => {
        const { removeCommand } = await import('../node-commands.ts')
        return removeCommand(session, name, yes === true)
      }),
    )
}
