/** `node status`: how the cluster stands. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addNodeStatus(node: Command, act: Act): void {
  node
    .command('status')
    .description("the cluster's nodes: who leads, who is away, how many more it can lose")
    .option('--watch', 'again every two seconds, until Ctrl-C')
    .action(
      act(async (session, { watch }: { readonly watch?: true }) => {
        const { statusCommand } = await import('../node-commands.ts')
        return statusCommand(session, watch === true)
      }),
    )
}
