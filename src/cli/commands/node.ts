/** `node …`: this machine as a part of the group's cluster. */
import type { Command } from 'commander'
import type { Act } from '../session.ts'
import { addNodeInvite } from './node-invite.ts'
import { addNodeJoin } from './node-join.ts'
import { addNodeRemove } from './node-remove.ts'
import { addNodeRevoke } from './node-revoke.ts'
import { addNodeStart } from './node-start.ts'
import { addNodeStatus } from './node-status.ts'
import { addNodeStop } from './node-stop.ts'

const about = `
Three machines:
  first    conclave node start --background
           conclave node invite                 (once for each further machine)
  others   conclave node join TICKET --background
  anybody  conclave node status

The cluster goes on while more than half of its nodes live: three bear the loss of one, five of two.`

export function addNode(program: Command, act: Act): void {
  const node = program
    .command('node')
    .description("run this machine as a node of the group's cluster")
    .helpCommand(false)
  const commands = [addNodeStart, addNodeInvite, addNodeJoin, addNodeStatus, addNodeRemove, addNodeRevoke, addNodeStop]
  for (const add of commands) add(node, act)
  node.addHelpText('after', about)
}
