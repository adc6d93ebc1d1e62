/**
 * `node …`: this machine as part of the group's cluster; `connect`: as a client of one. The implementations are loaded
 * late.
 */
import { Option, type Command } from 'commander'
import type { InviteFlags, JoinFlags, StartFlags } from '../node/commands.ts'
import type { Act, Session } from '../session/session.ts'

const about = `
Three machines:
  first    conclave node start --background
           conclave node invite                 (once for each further machine)
  others   conclave node join TICKET --background
  anyone   conclave node status

The cluster works while more than half of its nodes are up: three tolerate the loss of one, five of two.`

const actions = () => import('../node/commands.ts')
interface Yes {
  readonly yes?: true
}

export function addNode(program: Command, act: Act): void {
  const node = program
    .command('node')
    .description("run this machine as a node of the group's cluster")
    .helpCommand(false)
    .addHelpText('after', about)

  addNodeOptions(
    node
      .command('start')
      .description("create a cluster with this machine as its first node, or run this machine's node again")
      .option('--wan', 'timers for nodes far apart, for the whole cluster (when it is created)')
      .option('--background', 'run it as a background process; node stop ends it')
      .option('--from-local', "move this home's embedded store into the cluster")
      .option('--abort', 'with --from-local: revert an incomplete move')
      .addOption(new Option('--detached').hideHelp()),
  ).action(act(async (session, flags: StartFlags) => (await actions()).startCommand(session, flags)))
  node
    .command('invite')
    .description('issue a ticket for one more node, or for one person who only chats')
    .option('--client <name>', 'for a person with this name, who uses it with conclave connect')
    .option('--count <n>', 'how many tickets for nodes', '1')
    .option('--for <duration>', 'how long it is valid: 30m, 24h, 7d', '24h')
    .option('--old-etcd', 'with --client: even if a node runs an etcd that does not restrict people enough')
    .action(act(async (session, flags: InviteFlags) => (await actions()).inviteCommand(session, flags)))
  addNodeOptions(
    node
      .command('join')
      .description('add this machine to a cluster; if interrupted, run it again')
      .argument('<ticket>', 'from node invite on a machine of the cluster')
      .option('--code <code>', 'shown beside the ticket (or set CONCLAVE_TICKET_CODE)')
      .option('--background', 'run it as a background process; node stop ends it'),
  ).action(
    act(async (session, ticket: string, flags: JoinFlags) => (await actions()).joinCommand(session, ticket, flags)),
  )
  node
    .command('status')
    .description("show the cluster's nodes: the leader, who is unreachable, how many more it can lose")
    .option('--watch', 'repeat every two seconds, until Ctrl-C')
    .action(
      act(async (session, { watch }: { readonly watch?: true }) =>
        (await actions()).statusCommand(session, watch === true),
      ),
    )
  node
    .command('remove')
    .description('remove a node from the cluster for good')
    .argument('<name>', 'its name, ID or address')
    .option('--yes', "don't ask for confirmation")
    .action(
      act(async (session, name: string, { yes }: Yes) => (await actions()).removeCommand(session, name, yes === true)),
    )
  node
    .command('revoke')
    .description('revoke the certificates of a person invited with --client')
    .argument('<name>', 'as given to node invite --client')
    .option('--yes', "don't ask for confirmation")
    .action(
      act(async (session, name: string, { yes }: Yes) => (await actions()).revokeCommand(session, name, yes === true)),
    )
  node
    .command('stop')
    .description("stop this machine's node; it stays a member, and start runs it again")
    .action(act(async (session: Session) => (await actions()).stopCommand(session)))
}

export function addConnect(program: Command, act: Act): void {
  program
    .command('connect <ticket>')
    .description('use a cluster from this machine, with a ticket from node invite --client')
    .action(act(async (session, ticket: string) => (await actions()).connectCommand(session, ticket)))
}

/** Where a node is. */
function addNodeOptions(command: Command): Command {
  return command
    .option('--name <name>', "the node's name in the cluster (default: this machine's name)")
    .option('--listen <host>', 'address to listen on (default: the advertised one)')
    .option('--advertise <host>', 'address at which others reach this machine')
    .option('--port <port>', 'port for clients (default: 2379)')
    .option('--peer-port <port>', 'port for the other nodes (default: the next one)')
    .option('--etcd <path>', 'the etcd program (default: CONCLAVE_ETCD, or on PATH)')
}
