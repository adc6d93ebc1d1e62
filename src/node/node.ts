/**
 * A running node: one process that supervises one etcd, completes a bootstrap or join, watches the cluster's health and
 * renews certificates, until it is stopped.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConclaveError } from '../base/errors.ts'
import { enableAccessControl, enforceAccess, type RestartDelays } from './access/enforce-access.ts'
import { formatEndpoint, isUnspecified } from './home/address.ts'
import { ClusterClient, type MemberReport } from './cluster/cluster-client.ts'
import { certificatePeriodMs, type OpenStore } from './cluster/open-store.ts'
import { readClient, renewCertificates } from './certificates/credentials.ts'
import { etcdArguments, type InitialCluster } from './process/etcd-arguments.ts'
import { findEtcd } from './process/etcd-binary.ts'
import type { NodeListener } from './events.ts'
import { clusterHealth } from './health/health.ts'
import { becomeVoter, claimAuthority, enterCluster, initialMembers } from './membership/join.ts'
import type { NodePaths } from './home/paths.ts'
import { ensureRevocationList, updateRevocationList } from './access/revocations.ts'
import { RotatingLog } from './process/rotating-log.ts'
import { createPidFile } from './process/pid-file.ts'
import { requireFreePorts } from './home/settings.ts'
import { peerUrlOf, requireState, writeState, type NodeSettings, type NodeState } from './home/state.ts'
import { Supervisor } from './process/supervisor.ts'
import { serveEnrolments } from './tickets/serve-enrolments.ts'

export interface NodeContext {
  readonly paths: NodePaths
  readonly env: Readonly<Record<string, string | undefined>>
  readonly openStore: OpenStore
  readonly listener: NodeListener
  /** Shuts the node down. */
  readonly signal: AbortSignal
  readonly delays?: NodeDelays
}

export interface NodeDelays {
  readonly healthMs?: number
  /** How often its certificates are checked. */
  readonly certificatesMs?: number
  readonly restart?: RestartDelays
}

/** The etcd of a killed node takes a moment to end. */
const portTimeoutMs = 12_000
/** If it takes longer, the log has the reason. */
const startTimeoutMs = 60_000
const pollMs = 100
const healthPeriodMs = 5000

/**
 * Runs this home's node until `signal` has shut it down.
 *
 * @throws usage when it is already running or a port is taken; unavailable when there is no etcd; closed when the node was
 * removed from its cluster; any other permanent failure
 */
export async function runNode(begun: NodeContext): Promise<void> {
  const ending = new AbortController()
  const context = { ...begun, signal: AbortSignal.any([begun.signal, ending.signal]) }
  const { paths, listener, signal } = context
  let state = await requireState(paths)
  const pidFile = await createPidFile(paths)
  try {
    const etcd = await findEtcd({ given: state.settings.etcd, env: context.env })
    listener({ kind: 'etcd', etcd })
    await requireData(paths, state)
    await requireFreePorts(state.settings, pidFile.afterKill ? portTimeoutMs : 0, signal)
    state = await claimAuthority(context, state)
    if (await renewCertificates(paths, state.settings)) listener({ kind: 'renewed' })
    await ensureRevocationList(paths)
    // While the others have a majority without us.
    if (state.phase === 'claimed') {
      await updateRevocationList(paths, state.endpoints, context.openStore, signal)
    }
    state = await enterCluster(context, state)

    listener({ kind: 'step', step: 'start' })
    const log = new RotatingLog(paths.log)
    const supervisor = new Supervisor(
      {
        path: etcd.path,
        data: paths.data,
        arguments: async () =>
          etcdArguments(paths, state.settings, await initialCluster(paths, state, signal), etcd.flags),
      },
      log,
      (event) => {
        if (event.kind === 'ended') listener({ kind: 'restart', how: event.how, inMs: event.restartInMs })
      },
    )
    try {
      const failed = supervisor.done.then((failure) => {
        if (failure !== undefined) throw failure
      })
      const serving = serve(context, state, {
        onState: (next) => (state = next),
        restartEtcd: () => supervisor.restart(),
      })
      await Promise.race([failed, serving]).finally(() => ending.abort())
    } finally {
      await supervisor.stop()
      log.close()
    }
  } catch (error) {
    if (!begun.signal.aborted) throw error
  } finally {
    await pidFile.remove()
  }
}

interface Hooks {
  readonly onState: (state: NodeState) => void
  readonly restartEtcd: () => void
}

/** Everything beside our etcd while it runs. Ends by rejecting. */
async function serve(context: NodeContext, begun: NodeState, { onState, restartEtcd }: Hooks): Promise<void> {
  const { paths, listener, signal, delays = {} } = context
  const tls = await readClient(paths.client)
  const { settings } = begun
  const own = formatEndpoint(settings.advertise, settings.clientPort)
  const local = new ClusterClient([localEndpoint(settings), own], tls)
  const ending = new AbortController()
  let state = begun
  let serving: Promise<unknown> | undefined
  const keep = (next: NodeState): void => {
    state = next
    onState(next)
  }
  try {
    const { clusterId } = await firstReport(local, settings, signal)
    if (state.clusterId !== undefined && state.clusterId !== clusterId) {
      throw new ConclaveError('not-a-store', `${paths.data} belongs to another cluster`, {
        hint: restoreHint(paths, settings),
      })
    }
    if (state.phase === 'founding') {
      await enableAccessControl({ local, listener, signal }, startTimeoutMs)
      const { members } = await local.members(signal)
      const memberId = members.find(({ peerUrls }) => peerUrls.includes(peerUrlOf(settings)))?.id
      keep(await writeState(paths, { ...state, phase: 'member', clusterId, ...(memberId && { memberId }) }))
    }
    keep(await becomeVoter(context, state))
    listener({ kind: 'ready', endpoint: own, name: settings.name })
    const periodMs = delays.certificatesMs ?? certificatePeriodMs
    const both = { ...context, local, periodMs, signal: AbortSignal.any([signal, ending.signal]) }
    serving = Promise.all([
      enforceAccess({ ...both, state, restartEtcd, delays: delays.restart }),
      serveEnrolments({ ...both, endpoints: state.endpoints }),
    ])
    let renewedAt = performance.now()
    for (;;) {
      keep(await checkHealth(context, state, local, own))
      if (performance.now() - renewedAt > periodMs) {
        renewedAt = performance.now()
        await renew(context, settings, local)
      }
      await sleep(delays.healthMs ?? healthPeriodMs, undefined, { signal })
    }
  } finally {
    ending.abort()
    await serving
    local.close()
  }
}

/** The present certificates stay in force where that fails, until the next time. */
async function renew({ paths, listener }: NodeContext, settings: NodeSettings, local: ClusterClient): Promise<void> {
  try {
    // etcd reads its certificate for each new connection.
    if (await renewCertificates(paths, settings)) listener({ kind: 'renewed' })
    local.useTls(await readClient(paths.client))
  } catch (cause) {
    const reason = new ConclaveError('unexpected', `Can't renew the certificates of this node: ${String(cause)}`, {
      hint: `Look at ${paths.client.certificate}, and whether the disk is full.`,
      cause,
    })
    listener({ kind: 'waiting', reason })
  }
}

/** Reports the cluster's health and records its members' addresses, ours first. */
async function checkHealth(
  { paths, listener, signal }: NodeContext,
  state: NodeState,
  local: ClusterClient,
  own: string,
): Promise<NodeState> {
  let members
  try {
    members = await local.statuses(signal)
  } catch (error) {
    // Our etcd is restarting: the next check will succeed.
    if (signal.aborted) throw error
    return state
  }
  listener({ kind: 'health', health: clusterHealth(members), members })
  const others = members.filter(({ learner }) => !learner).flatMap((member) => member.endpoints)
  const endpoints = [own, ...others.filter((endpoint) => endpoint !== own).sort()]
  listener({ kind: 'endpoints', endpoints })
  return endpoints.join() === state.endpoints.join() ? state : writeState(paths, { ...state, endpoints })
}

/** Waits until our etcd answers and knows a leader. */
async function firstReport(local: ClusterClient, settings: NodeSettings, signal: AbortSignal): Promise<MemberReport> {
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    try {
      const report = await local.status(localEndpoint(settings), signal)
      if (report.leader !== undefined) return report
      // Without a majority it waits for the other nodes, however long that takes.
    } catch (cause) {
      signal.throwIfAborted()
      if (performance.now() > deadline) {
        throw new ConclaveError('unavailable', 'etcd runs but does not answer', {
          hint: 'Look into its log for the reason: etcd.log in the folder node/ of the home.',
          cause,
        })
      }
    }
    await sleep(pollMs, undefined, { signal })
  }
}

async function initialCluster(paths: NodePaths, state: NodeState, signal: AbortSignal): Promise<InitialCluster> {
  const { token, phase, settings } = state
  const alone = [`${settings.name}=${peerUrlOf(settings)}`]
  if (phase === 'founding') return { state: 'new', token, members: alone }
  // Once etcd has a log of its own, it ignores the list.
  if (await hasWal(paths)) return { state: 'existing', token, members: alone }
  return { state: 'existing', token, members: await initialMembers(state, await readClient(paths.client), signal) }
}

/** A voter that lost its data could make the cluster lose acknowledged writes, so it must not start empty. */
async function requireData(paths: NodePaths, { phase, settings }: NodeState): Promise<void> {
  if (phase !== 'member' || (await hasWal(paths))) return
  throw new ConclaveError('not-a-store', `The data of this node is missing from ${paths.data}`, {
    hint: restoreHint(paths, settings),
  })
}

function restoreHint({ root }: NodePaths, { name }: NodeSettings): string {
  return `Restore this node's own data. Or remove the node on another one (\`conclave node remove ${name}\`), move ${root} away and join with a new ticket.`
}

async function hasWal(paths: NodePaths): Promise<boolean> {
  const files = await readdir(join(paths.data, 'member', 'wal')).catch(() => [])
  return files.some((file) => file.endsWith('.wal'))
}

function localEndpoint({ listen, clientPort }: NodeSettings): string {
  return formatEndpoint(isUnspecified(listen) ? '127.0.0.1' : listen, clientPort)
}
