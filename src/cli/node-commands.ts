/** What the commands about nodes do. Loaded only when one of them runs. */
import { ConclaveError } from '../base/errors.ts'
import type { ClusterClient } from '../node/cluster/cluster-client.ts'
import { connectHome } from '../node/tickets/connect.ts'
import { findEtcd } from '../node/process/etcd-binary.ts'
import { bootstrapCluster } from '../node/membership/bootstrap.ts'
import { watchHealth } from '../node/health/watch-health.ts'
import { inviteNode, invitePerson } from '../node/tickets/invite.ts'
import { openTicket, reviseState } from '../node/membership/join.ts'
import { nodePaths } from '../node/home/paths.ts'
import { diagnose } from '../node/health/diagnose.ts'
import { findMember, outlookWithout, removeMember } from '../node/membership/remove.ts'
import { revokePerson } from '../node/access/revocations.ts'
import { runningNode, stopNode } from '../node/process/pid-file.ts'
import { resolveSettings } from '../node/home/settings.ts'
import { readState } from '../node/home/state.ts'
import { decodeTicket, type Ticket } from '../node/tickets/ticket.ts'
import { durationMs } from './duration.ts'
import type { ExitCode } from './exit.ts'
import { rememberCluster } from '../client/config.ts'
import { openClusterStore, withCluster } from './node-access.ts'
import { abortLocalMove, embeddedStorePath, moveLocalStore, type Show } from './node-move.ts'
import { nodeOptions, type NodeFlags } from './node-options.ts'
import { reportStatus } from './node-report.ts'
import { runDetached, runInForeground, startDetached } from './node-run.ts'
import type { Session } from './session.ts'

const watchPeriodMs = 2000
const removePatienceMs = 30_000

interface StartFlags extends NodeFlags {
  readonly wan?: true
  readonly background?: true
  readonly detached?: true
  readonly fromLocal?: true
  readonly abort?: true
}

export async function startCommand(session: Session, flags: StartFlags): Promise<void> {
  const { background: apart, detached, fromLocal, abort } = flags
  if (abort && !fromLocal)
    throw new ConclaveError('usage', '--abort goes with --from-local', {
      hint: 'It reverts a move that is not complete.',
    })
  const move = abort ? abortLocalMove : moveLocalStore
  const act = fromLocal ? (signal: AbortSignal, show: Show) => move(session, signal, show) : undefined
  if (detached) return runDetached(session, { act })
  const paths = nodePaths(session.options.home)
  if (fromLocal) await requireEmbeddedStore(session)
  await prepareNode(session, flags)
  if (act !== undefined && (await runningNode(paths)) !== undefined) {
    return act(session.signal, ({ object, text }) => void session.out.print(object, text))
  }
  if (apart && !abort) return background(session, fromLocal ? ['--from-local'] : [])
  await runInForeground(session, { act, once: abort === true })
}

async function prepareNode(session: Session, flags: StartFlags): Promise<void> {
  const paths = nodePaths(session.options.home)
  const options = { ...nodeOptions(flags), wan: flags.wan }
  const present = await readState(paths)
  if (present !== undefined) {
    await reviseState(paths, present, options)
    return
  }
  if (flags.abort)
    throw new ConclaveError('usage', 'this home has no node, so nothing was moved', {
      hint: 'There is nothing to revert.',
    })
  // Before anything is on disk: without etcd there is nothing to found.
  await findEtcd({ given: options.etcd, env: process.env })
  await bootstrapCluster(paths, resolveSettings(options))
  const embedded = await embeddedStorePath(session.options.home)
  if (embedded === undefined || flags.fromLocal) return
  session.out.note(
    `The rooms that this home has so far stay in ${embedded}; \`conclave node start --from-local\` takes them along.`,
  )
}

async function requireEmbeddedStore(session: Session): Promise<void> {
  if ((await embeddedStorePath(session.options.home)) !== undefined) return
  throw new ConclaveError('not-a-store', 'this home has no embedded store to move', {
    hint: 'Start the node without --from-local.',
  })
}

export async function joinCommand(
  session: Session,
  text: string,
  flags: NodeFlags & { code?: string; background?: true },
): Promise<void> {
  const ticket = ticketOf('node', text)
  const paths = nodePaths(session.options.home)
  const given = flags.code ?? process.env['CONCLAVE_TICKET_CODE']
  const askCode = async (): Promise<string> => {
    if (given) return given
    if (session.prompt.interactive) return session.prompt.ask('Code of the ticket: ')
    throw new ConclaveError('usage', 'the code of the ticket is needed', {
      hint: 'Give it with --code, or in CONCLAVE_TICKET_CODE.',
    })
  }
  await findEtcd({ given: flags.etcd, env: process.env })
  await openTicket(paths, ticket, askCode, nodeOptions(flags), session.signal)
  if (flags.background) return background(session)
  await runInForeground(session)
}

interface InviteFlags {
  readonly client?: string
  readonly for?: string
  readonly count?: string
}

export async function inviteCommand(
  session: Session,
  { client, for: life = '24h', count = '1' }: InviteFlags,
): Promise<void> {
  const paths = nodePaths(session.options.home)
  const how = { lifeMs: durationMs(life), signal: session.signal }
  if (!/^[1-6]$/.test(count))
    throw new ConclaveError('usage', '--count takes a number from 1 to 6', {
      hint: 'A cluster has at most seven nodes.',
    })
  if (client !== undefined) {
    if (count !== '1')
      throw new ConclaveError('usage', '--count is for nodes', {
        hint: 'Each person has a ticket of his own: one command for each.',
      })
    const { ticket, expires } = await invitePerson(paths, client, openClusterStore, how)
    const until = new Date(expires).toISOString()
    const text = `conclave connect ${ticket}\n\nFor ${client}, on one machine, until ${until}. It is a secret: whoever has it is in the cluster.`
    return session.out.print({ ticket, expires: until }, text)
  }
  for (let n = 0; n < Number(count); n += 1) {
    const { ticket, code, expires } = await inviteNode(paths, openClusterStore, how)
    const until = new Date(expires).toISOString()
    const text = `conclave node join ${ticket}\n\nIts code, to be told apart from it: ${code}\nFor one machine, until ${until}.\n`
    await session.out.print({ ticket, code, expires: until }, text)
  }
}

export async function statusCommand(session: Session, watch: boolean): Promise<ExitCode> {
  return withCluster(session.options, async (client, { endpoints, tls }) => {
    if (watch) {
      await watchHealth(
        {
          endpoints,
          tls,
          periodMs: watchPeriodMs,
          onHealth: (_health, members) => {
            const { object, text } = reportStatus(members)
            void session.out.print({ at: new Date().toISOString(), ...object }, `${text}\n`)
          },
        },
        session.signal,
      )
      return 0
    }
    const members = await client.statuses(session.signal).catch(async (error: unknown) => {
      session.signal.throwIfAborted()
      throw (await diagnose(endpoints, tls)) ?? error
    })
    const { object, text } = reportStatus(members)
    await session.out.print(object, text)
    return object['hasQuorum'] === true ? 0 : 5
  })
}

export async function removeCommand(session: Session, name: string, yes: boolean): Promise<void> {
  await withCluster(session.options, async (client) => {
    const members = await client.statuses(session.signal)
    const member = findMember(members, name)
    const shown = member.name || member.id
    await confirm(
      session,
      yes,
      `Take the node ${shown} out of the cluster, for good? ${outlookWithout(member, members)}`,
    )
    // The one that is removed can't tell how it ended: ask another.
    const others = members.filter(({ id }) => id !== member.id).flatMap(({ endpoints }) => endpoints)
    await withOthers(others, client, (asked) =>
      removeMember(asked, member.id, {
        timeoutMs: removePatienceMs,
        pauseMs: 500,
        onWaiting: (reason) => session.out.note(`${reason.message}; trying again …`),
        signal: session.signal,
      }),
    )
    await session.out.print(
      { ok: true, id: member.id, name: member.name },
      `${shown} is out. Its folder can be deleted on that machine.`,
    )
  })
}

export async function revokeCommand(session: Session, name: string, yes: boolean): Promise<void> {
  await withCluster(session.options, async (client, { endpoints, tls }) => {
    await confirm(session, yes, `Take all certificates of ${name} away, for good? A new ticket would let him in again.`)
    const store = await openClusterStore(endpoints, tls)
    try {
      const certificates = await revokePerson(client, store, name, Date.now(), session.signal)
      const counted = certificates === 1 ? 'certificate is' : `${certificates} certificates are`
      await session.out.print(
        { ok: true, name, certificates },
        `${name}'s ${counted} revoked. He stays a member of his rooms until he is kicked: conclave kick ROOM ${name}`,
      )
    } finally {
      await store.close()
    }
  })
}

export async function stopCommand(session: Session): Promise<void> {
  const stopped = await stopNode(nodePaths(session.options.home), session.signal)
  await session.out.print({ ok: true, stopped }, stopped ? 'stopped' : 'it was not running')
}

export async function connectCommand(session: Session, text: string): Promise<void> {
  const { home } = session.options
  const ticket = ticketOf('person', text)
  const { name, endpoints } = await connectHome(home, ticket, openClusterStore, session.signal)
  await rememberCluster(home, endpoints)
  await session.out.print(
    { ok: true, name, endpoints: [...endpoints] },
    `connected to ${endpoints.join(', ')}\nNext: conclave signup ${name}, or conclave login ${name} if you have an identity there.`,
  )
}

async function background(session: Session, flags: readonly string[] = []): Promise<void> {
  const pid = await startDetached(session, flags)
  await session.out.print({ ok: true, pid }, `it runs in the background (process ${pid}); conclave node stop ends it`)
}

async function withOthers(
  endpoints: readonly string[],
  client: ClusterClient,
  use: (client: ClusterClient) => Promise<void>,
): Promise<void> {
  if (endpoints.length === 0) return use(client)
  const others = client.at(endpoints)
  try {
    await use(others)
  } finally {
    others.close()
  }
}

async function confirm(session: Session, yes: boolean, question: string): Promise<void> {
  if (yes) return
  if (!session.prompt.interactive) {
    throw new ConclaveError('usage', question, { hint: 'There is no terminal to answer on: --yes says so beforehand.' })
  }
  const answer = await session.prompt.ask(`${question} [y/N] `)
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new ConclaveError('usage', 'nothing was changed', { hint: 'Answer y to go on.' })
}

function ticketOf<K extends Ticket['kind']>(kind: K, text: string): Extract<Ticket, { kind: K }> {
  const ticket = decodeTicket(text)
  if (ticket.kind === kind) return ticket as Extract<Ticket, { kind: K }>
  throw new ConclaveError('usage', `this ticket is for a ${ticket.kind}`, {
    hint: ticket.kind === 'node' ? 'conclave node join TICKET uses it.' : 'conclave connect TICKET uses it.',
  })
}
