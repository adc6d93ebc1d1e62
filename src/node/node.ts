/**
 * A node while it runs: one process that supervises one etcd, completes what founding or joining left open, watches the
 * cluster's health and keeps its certificates fresh, until it is told to stop.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConclaveError } from '../base/errors.ts'
import { protect, watchAccess } from './access/enforce-access.ts'
import { formatEndpoint, isUnspecified } from './home/address.ts'
import { ClusterClient } from './cluster/cluster-client.ts'
import type { OpenStore } from './cluster/open-store.ts'
import { readClient, renewCertificates } from './certificates/credentials.ts'
import { etcdArguments, peerUrlOf, type Bootstrap } from './process/etcd-arguments.ts'
import { findEtcd } from './process/etcd-binary.ts'
import type { NodeListener } from './events.ts'
import { clusterHealth, type MemberAnswer } from './health/health.ts'
import { becomeVoter, currentCluster, enterCluster } from './membership/join.ts'
import type { NodePaths } from './home/paths.ts'
import { readRevocations, requireRevocations } from './access/revocations.ts'
import { RotatingLog } from './process/rotating-log.ts'
import { claimRunning } from './process/pid-file.ts'
import { requirePorts } from './home/settings.ts'
import { requireState, writeState, type NodeSettings, type NodeState } from './home/state.ts'
import { Supervisor } from './process/supervisor.ts'

export interface NodeContext {
  readonly paths: NodePaths
  readonly env: Readonly<Record<string, string | undefined>>
  readonly openStore: OpenStore
  readonly listener: NodeListener
  /** Ends the node in order. */
  readonly signal: AbortSignal
}

/** An etcd whose parent was killed takes a moment to end. */
const portPatienceMs = 12_000
/** Longer than that, and its log has to tell. */
const startPatienceMs = 60_000
const pollMs = 100
const healthPeriodMs = 5000
const certificatePeriodMs = 86_400_000

/**
 * Runs this home's node. Resolves when the signal has ended it in order.
 *
 * @throws usage when it runs already or a port is taken; unavailable when there is no etcd; closed when the node was
 * removed from its cluster; and what else keeps it from running
 */
export async function runNode(begun: NodeContext): Promise<void> {
  const ending = new AbortController()
  const context = { ...begun, signal: AbortSignal.any([begun.signal, ending.signal]) }
  const { paths, listener, signal } = context
  let state = await requireState(paths)
  const running = await claimRunning(paths)
  try {
    const program = await findEtcd({ given: state.settings.etcd, env: context.env })
    listener({ kind: 'etcd', program })
    if (await renewCertificates(paths, state.settings)) listener({ kind: 'renewed' })
    await requireRevocations(paths)
    await requireData(paths, state)
    await requirePorts(state.settings, running.afterKill ? portPatienceMs : 0, signal)
    // While the others are a majority without us.
    if (state.phase === 'opened' || state.phase === 'claimed') {
      await readRevocations(paths, state.endpoints, context.openStore, signal)
    }
    state = await enterCluster(paths, state, context.openStore, listener, signal)

    listener({ kind: 'step', step: 'start' })
    const log = new RotatingLog(paths.log)
    const supervisor = new Supervisor(
      {
        path: program.path,
        data: paths.data,
        arguments: async () =>
          etcdArguments(paths, state.settings, await bootstrapOf(paths, state, signal), program.flags),
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
      const serving = serve(context, state, { keep: (next) => (state = next), restart: () => supervisor.restart() })
      // Whichever ends first, the other one is ended too.
      await Promise.race([failed, serving]).finally(() => ending.abort())
    } finally {
      await supervisor.stop()
      log.close()
    }
  } catch (error) {
    // Being told to stop is no failure, wherever it struck.
    if (!begun.signal.aborted) throw error
  } finally {
    await running.release()
  }
}

interface Hold {
  readonly keep: (state: NodeState) => void
  /** Starts our etcd again. */
  readonly restart: () => void
}

async function serve(context: NodeContext, begun: NodeState, hold: Hold): Promise<void> {
  const { paths, listener, signal } = context
  const tls = await readClient(paths.client)
  const { settings } = begun
  const own = formatEndpoint(settings.advertise, settings.clientPort)
  const local = new ClusterClient([localEndpoint(settings), own], tls)
  let state = begun
  let attending: Promise<void> | undefined
  const keep = (next: NodeState): void => {
    state = next
    hold.keep(next)
  }
  try {
    const answer = await firstAnswer(local, settings, signal)
    if (state.clusterId !== undefined && state.clusterId !== answer.clusterId) {
      throw new ConclaveError('not-a-store', `${paths.data} belongs to another cluster`, {
        hint: `Bring this node's own data back; or remove the node on another one (\`conclave node remove ${settings.name}\`), move ${paths.root} away and join with a new ticket.`,
      })
    }
    if (state.phase === 'founding') {
      await protect({ local, listener, signal }, startPatienceMs)
      keep(await founded(paths, state, local, answer.clusterId))
    }
    keep(await becomeVoter(paths, state, context.openStore, listener, signal))
    listener({ kind: 'ready', endpoint: own, name: settings.name })
    attending = watchAccess({ ...context, local, state, restart: hold.restart })
    let renewedAt = performance.now()
    for (;;) {
      keep(await look(context, state, local, own))
      if (performance.now() - renewedAt > certificatePeriodMs) {
        renewedAt = performance.now()
        // etcd reads its certificate anew for each connection.
        if (await renewCertificates(paths, settings)) listener({ kind: 'renewed' })
      }
      await sleep(healthPeriodMs, undefined, { signal })
    }
  } finally {
    await attending
    local.close()
  }
}

/** The cluster's health; its members' addresses are remembered, ours first. */
async function look(context: NodeContext, state: NodeState, local: ClusterClient, own: string): Promise<NodeState> {
  let members
  try {
    members = await local.statuses(context.signal)
  } catch (error) {
    // Our etcd is just starting again: the next look tells.
    if (context.signal.aborted) throw error
    return state
  }
  context.listener({ kind: 'health', health: clusterHealth(members), members })
  const others = members.filter(({ learner }) => !learner).flatMap((member) => member.endpoints)
  const endpoints = [own, ...others.filter((endpoint) => endpoint !== own).sort()]
  context.listener({ kind: 'endpoints', endpoints })
  if (endpoints.join() === state.endpoints.join()) return state
  const next = { ...state, endpoints }
  await writeState(context.paths, next)
  return next
}

async function founded(
  paths: NodePaths,
  state: NodeState,
  local: ClusterClient,
  clusterId: string,
): Promise<NodeState> {
  const { members } = await local.members()
  const memberId = members.find(({ peerUrls }) => peerUrls.includes(peerUrlOf(state.settings)))?.id
  const next: NodeState = { ...state, phase: 'member', clusterId, ...(memberId === undefined ? {} : { memberId }) }
  await writeState(paths, next)
  return next
}

/** Waits until our etcd serves and knows a leader. */
async function firstAnswer(
  local: ClusterClient,
  settings: NodeSettings,
  signal: AbortSignal,
): Promise<MemberAnswer & { clusterId: string }> {
  const until = performance.now() + startPatienceMs
  let last: unknown
  for (;;) {
    try {
      const answer = await local.status(localEndpoint(settings), signal)
      if (answer.leader !== undefined) return answer
      last = undefined
    } catch (error) {
      signal.throwIfAborted()
      last = error
    }
    // A majority may be away for long: then it is the others that are waited for, and for as long as it takes.
    if (last !== undefined && performance.now() > until) {
      throw new ConclaveError('unavailable', 'etcd runs but does not answer', {
        hint: 'Its log tells why: etcd.log in the folder node/ of the home.',
        cause: last,
      })
    }
    await sleep(pollMs, undefined, { signal })
  }
}

async function bootstrapOf(paths: NodePaths, state: NodeState, signal: AbortSignal): Promise<Bootstrap> {
  const { token, phase, settings } = state
  const alone = [`${settings.name}=${peerUrlOf(settings)}`]
  if (phase === 'founding') return { state: 'new', token, cluster: alone }
  // Once it has a log of its own, etcd goes by that.
  if (await hasLog(paths)) return { state: 'existing', token, cluster: alone }
  return { state: 'existing', token, cluster: await currentCluster(state, await readClient(paths.client), signal) }
}

/** A voter that forgot what it had agreed to could let the cluster forget it too: it must not come back empty. */
async function requireData(paths: NodePaths, state: NodeState): Promise<void> {
  if (state.phase !== 'member' || (await hasLog(paths))) return
  throw new ConclaveError('not-a-store', `the data of this node is gone from ${paths.data}`, {
    hint: `Bring it back; or remove the node on another one (\`conclave node remove ${state.settings.name}\`), move ${paths.root} away and join with a new ticket.`,
  })
}

async function hasLog(paths: NodePaths): Promise<boolean> {
  const files = await readdir(join(paths.data, 'member', 'wal')).catch(() => [])
  return files.some((file) => file.endsWith('.wal'))
}

function localEndpoint({ listen, clientPort }: NodeSettings): string {
  return formatEndpoint(isUnspecified(listen) ? '127.0.0.1' : listen, clientPort)
}
