/** `node start`: the first node of a new cluster, or this machine's node again. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { addNodeOptions, type NodeFlags } from '../node-options.ts'
import type { Act } from '../session.ts'

interface Options extends NodeFlags {
  readonly wan?: true
  readonly background?: true
  readonly detached?: true
  readonly fromLocal?: true
  readonly abort?: true
}

export function addNodeStart(node: Command, act: Act): void {
  const command = node
    .command('start')
    .description("found a cluster with this machine as its first node, or run this machine's node again")
    .option('--wan', 'timers for nodes far apart, for the whole cluster (at its founding)')
    .option('--background', 'run it as a process of its own; node stop ends it')
    .option('--from-local', "take this home's embedded store along into the cluster")
    .option('--abort', 'with --from-local: revert a move that is not complete')
    .addOption(new Option('--detached').hideHelp())
  addNodeOptions(command).action(
    act(async (session, options: Options) => {
      const { startCommand } = await import('../node-commands.ts')
      return startCommand(session, options)
    }),
  )
}
