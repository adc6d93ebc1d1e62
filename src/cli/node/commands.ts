/** The implementations of node commands. Loaded only when one of them runs. */
import { ConclaveError } from '../../base/errors.ts'
import { rememberCluster } from '../../client/config.ts'
import { connectHome } from '../../node/tickets/connect.ts'
import { findEtcd } from '../../node/process/etcd-binary.ts'
import { bootstrapCluster } from '../../node/membership/bootstrap.ts'
import { watchHealth } from '../../node/health/health.ts'
import { inviteNode, invitePerson } from '../../node/tickets/invite.ts'
import { openTicket, reviseState } from '../../node/membership/join.ts'
import { nodePaths } from '../../node/home/paths.ts'
import { diagnose } from '../../node/health/diagnose.ts'
import { findMember, outlookWithout, removeMember } from '../../node/membership/remove.ts'
import { revokePerson } from '../../node/tickets/revoke.ts'
import { runningNode, stopNode } from '../../node/process/pid-file.ts'
import { resolveSettings, type NodeOptions } from '../../node/home/settings.ts'
import { readState } from '../../node/home/state.ts'
import { decodeTicket, type Ticket } from '../../node/tickets/ticket.ts'
import { count } from '../../chat/wording.ts'
import { durationMs } from '../session/options.ts'
import type { ExitCode } from '../session/exit.ts'
import { openClusterStore, withCluster } from './access.ts'
import { abortLocalMove, embeddedStorePath, moveLocalStore, requireEmbeddedStore, type Show } from './move.ts'
import { reportStatus } from './report.ts'
import { runDetached, runInForeground, startDetached } from './run.ts'
import type { Session } from '../session/session.ts'

const watchPeriodMs = 2000
const removePatienceMs = 30_000

interface NodeFlags {
  readonly name?: string
  readonly listen?: string
  readonly advertise?: string
  readonly port?: string
  readonly peerPort?: string
  readonly etcd?: string
}

export interface StartFlags extends NodeFlags {
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
      hint: 'It reverts an incomplete move.',
    })
  const move = abort ? abortLocalMove : moveLocalStore
  const act = fromLocal ? (signal: AbortSignal, show: Show) => move(session, signal, show) : undefined
  if (detached) return runDetached(session, { act })
  const paths = nodePaths(session.options.home)
  if (fromLocal) await requireEmbeddedStore(session.options.home)
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
    throw new ConclaveError('usage', 'This home has no node, so nothing was moved', {
      hint: 'There is nothing to revert.',
    })
  // Before anything is on disk: without etcd there is nothing to found.
  await findEtcd({ given: options.etcd, env: session.host.env })
  await bootstrapCluster(paths, resolveSettings(options))
  const embedded = await embeddedStorePath(session.options.home)
  if (embedded === undefined || flags.fromLocal) return
  session.out.note(
    `This home's rooms stay in ${embedded}; \`conclave node start --from-local\` moves them into the cluster.`,
  )
}

export interface JoinFlags extends NodeFlags {
  readonly code?: string
  readonly background?: true
}

export async function joinCommand(session: Session, text: string, flags: JoinFlags): Promise<void> {
  const ticket = ticketOf('node', text)
  const paths = nodePaths(session.options.home)
  const given = flags.code ?? session.host.env['CONCLAVE_TICKET_CODE']
  const askCode = async (): Promise<string> => {
    if (given) return given
    if (session.prompt.interactive) return session.prompt.ask('Ticket code: ')
    throw new ConclaveError('usage', 'The code of the ticket is missing', {
      hint: 'Give it with --code, or in CONCLAVE_TICKET_CODE.',
    })
  }
  await findEtcd({ given: flags.etcd, env: session.host.env })
  await openTicket(paths, ticket, askCode, nodeOptions(flags), session.signal)
  if (flags.background) return background(session)
  await runInForeground(session)
}

export interface InviteFlags {
  readonly client?: string
  readonly for?: string
  readonly count?: string
  readonly oldEtcd?: true
}

export async function inviteCommand(
  session: Session,
  { client, for: life = '24h', count = '1', oldEtcd }: InviteFlags,
): Promise<void> {
  const paths = nodePaths(session.options.home)
  const how = { lifeMs: durationMs(life), signal: session.signal }
  if (!/^[1-6]$/.test(count))
    throw new ConclaveError('usage', '--count must be a number from 1 to 6', {
      hint: 'A cluster has at most seven nodes.',
    })
  if (client !== undefined) {
    if (count !== '1')
      throw new ConclaveError('usage', '--count is for nodes', {
        hint: 'Each person needs their own ticket: run the command once for each.',
      })
    const { ticket, expires } = await invitePerson(paths, client, openClusterStore, { ...how, oldEtcd })
    const until = new Date(expires).toISOString()
    const text = `conclave connect ${ticket}\n\nFor ${client}, on one machine, until ${until}. Keep it secret until then: the first machine to use it is let in.`
    return session.out.print({ ticket, expires: until }, text)
  }
  for (let n = 0; n < Number(count); n += 1) {
    const { ticket, code, expires } = await inviteNode(paths, openClusterStore, how)
    const until = new Date(expires).toISOString()
    const text = `conclave node join ${ticket}\n\nIts code, to be sent separately: ${code}\nFor one machine, until ${until}.\n`
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
    return object['writable'] === true ? 0 : 5
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
      `Remove the node ${shown} from the cluster for good? ${outlookWithout(member, members)}`,
    )
    // The removed node can't tell how the removal ended: ask another one.
    const others = members.filter(({ id }) => id !== member.id).flatMap(({ endpoints }) => endpoints)
    const asked = others.length === 0 ? client : client.at(others)
    try {
      await removeMember(asked, member.id, {
        timeoutMs: removePatienceMs,
        pauseMs: 500,
        onWaiting: (reason) => session.out.note(`${reason.message}; retrying …`),
        signal: session.signal,
      })
    } finally {
      if (asked !== client) asked.close()
    }
    await session.out.print(
      { ok: true, id: member.id, name: member.name },
      `Removed ${shown}. You can delete its folder on that machine.`,
    )
  })
}

export async function revokeCommand(session: Session, name: string, yes: boolean): Promise<void> {
  await withCluster(session.options, async (client, { endpoints, tls }) => {
    await confirm(session, yes, `Revoke all certificates of ${name} for good? A new ticket would let them in again.`)
    const store = await openClusterStore(endpoints, tls)
    try {
      const certificates = await revokePerson(client, store, name, Date.now(), session.signal)
      await session.out.print(
        { ok: true, name, certificates },
        `Revoked ${count(certificates, 'certificate')} of ${name}. They stay a member of their rooms until removed: conclave kick ROOM ${name}`,
      )
    } finally {
      await store.close()
    }
  })
}

export async function stopCommand(session: Session): Promise<void> {
  const stopped = await stopNode(nodePaths(session.options.home), session.signal)
  await session.out.print({ ok: true, stopped }, stopped ? 'Stopped' : 'It was not running')
}

export async function connectCommand(session: Session, text: string): Promise<void> {
  const { home } = session.options
  const ticket = ticketOf('person', text)
  const { name, endpoints } = await connectHome(home, ticket, openClusterStore, session.signal)
  await rememberCluster(home, endpoints)
  await session.out.print(
    { ok: true, name, endpoints: [...endpoints] },
    `Connected to ${endpoints.join(', ')}\nNext: conclave signup ${name}, or conclave login ${name} if you already have an account there.`,
  )
}

async function background(session: Session, flags: readonly string[] = []): Promise<void> {
  const pid = await startDetached(session, flags)
  await session.out.print({ ok: true, pid }, `Running in the background (process ${pid}); conclave node stop ends it`)
}

async function confirm(session: Session, yes: boolean, question: string): Promise<void> {
  if (yes) return
  if (!session.prompt.interactive) {
    throw new ConclaveError('usage', question, { hint: 'There is no terminal to ask on: confirm with --yes.' })
  }
  if (await session.prompt.confirm(question)) return
  throw new ConclaveError('usage', 'Nothing was changed', { hint: 'Answer y to continue.' })
}

function ticketOf<K extends Ticket['kind']>(kind: K, text: string): Extract<Ticket, { kind: K }> {
  const ticket = decodeTicket(text)
  if (ticket.kind === kind) return ticket as Extract<Ticket, { kind: K }>
  throw new ConclaveError('usage', `This ticket is for a ${ticket.kind}`, {
    hint: ticket.kind === 'node' ? 'conclave node join TICKET uses it.' : 'conclave connect TICKET uses it.',
  })
}

function nodeOptions({ name, listen, advertise, port, peerPort, etcd }: NodeFlags): NodeOptions {
  return { name, listen, advertise, etcd, port: portOf('--port', port), peerPort: portOf('--peer-port', peerPort) }
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^[0-9]{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new ConclaveError('usage', `${option} must be a number from 1 to 65535`, { hint: 'For example 2379.' })
}
