/** `node revoke NAME`: a person's certificates let him in no more. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addNodeRevoke(node: Command, act: Act): void {
  node
    .command('revoke')
    .description('take the certificates of a person away, who was invited with --client')
    .argument('<name>', 'as it was in node invite --client')
    .option('--yes', 'do not ask')
    .action(
      act(async (session, name: string, { yes }: { readonly yes?: true }) => {
        const { revokeCommand } = await import('../node-commands.ts')
        return revokeCommand(session, name, yes === true)
      }),
    )
}
