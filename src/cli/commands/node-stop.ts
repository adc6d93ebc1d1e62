/** `node stop`: ends this machine's node in order. It stays a member: `node start` runs it again. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

export function addNodeStop(node: Command, act: Act): void {
  node
    .command('stop')
    .description("stop this machine's node; it stays a member, and start runs it again")
    .action(
      act(async (session) => {
        const { stopCommand } = await import('../node-commands.ts')
        return stopCommand(session)
      }),
    )
}
