/** `node invite`: a ticket for a further node, or for a person who only chats. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'

interface Options {
  readonly client?: string
  readonly for?: string
  readonly count?: string
}

export function addNodeInvite(node: Command, act: Act): void {
  node
    .command('invite')
    .description('issue a ticket for one further node, or for one person who only chats')
    .option('--client <name>', 'for a person of this name, who uses it with conclave connect')
    .option('--count <n>', 'so many tickets for nodes at once', '1')
    .option('--for <duration>', 'how long it can be used: 30m, 24h, 7d', '24h')
    .action(
      act(async (session, options: Options) => {
        const { inviteCommand } = await import('../node-commands.ts')
        return inviteCommand(session, options)
      }),
    )
}
