/** What a running node does for the cluster's access control: who may do what, and whose certificates were revoked. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConclaveError } from '../../base/errors.ts'
import { protectCluster } from './access-control.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { OpenStore } from '../cluster/open-store.ts'
import type { NodeListener } from '../events.ts'
import { clusterHealth } from '../health/health.ts'
import type { NodePaths } from '../home/paths.ts'
import { persist } from '../cluster/retry.ts'
import { followRevocations } from './revocations.ts'
import type { NodeState } from '../home/state.ts'

interface Attended {
  /** Our own etcd. */
  readonly local: ClusterClient
  readonly listener: NodeListener
  readonly signal: AbortSignal
}

export interface AccessWatch extends Attended {
  readonly paths: NodePaths
  readonly state: NodeState
  readonly openStore: OpenStore
  /** Starts our etcd again. */
  readonly restart: () => void
}

const pauseMs = 100
/** Whoever revokes has to do with the cluster until then. */
const firstTurnMs = 500
/** Between two nodes: an etcd that was started again serves well before. */
const turnMs = 4000

/** Switches access control on, if it is not. @throws the last failure, once patience is over */
export async function protect({ local, listener, signal }: Attended, patienceMs: number): Promise<void> {
  const onWaiting = (reason: ConclaveError): void => listener({ kind: 'waiting', reason })
  await persist(() => protectCluster(local, signal), { patienceMs, pauseMs, onWaiting, signal })
}

/** Ends with the signal; never rejects. */
export async function watchAccess(watch: AccessWatch): Promise<void> {
  const { paths, state, openStore, listener, restart, signal } = watch
  let cutting: Promise<void> | undefined
  const cut = async (): Promise<void> => {
    await ownTurn(watch)
    listener({ kind: 'restart', how: 'to end the connections of a revoked certificate', inMs: 0 })
    restart()
  }
  // What is revoked while this node waits for its turn is done with it.
  const onChange = (): void => {
    cutting ??= cut()
      .catch(() => {})
      .finally(() => (cutting = undefined))
  }
  try {
    // For the keys that people of a newer Conclave need.
    await protect(watch, Infinity)
    await followRevocations(paths, { endpoints: state.endpoints, openStore, onChange }, signal)
  } catch (cause) {
    if (signal.aborted) return
    const reason = new ConclaveError('unexpected', "the cluster's access control can't be looked after", { cause })
    listener({ kind: 'waiting', reason })
  }
}

/** One node after the other, and none while another one is away that the majority needs. */
async function ownTurn({ state, local, signal }: AccessWatch): Promise<void> {
  for (let waitMs = firstTurnMs; ; waitMs = turnMs) {
    await sleep(waitMs, undefined, { signal })
    const members = await local.statuses(signal).catch(() => [])
    const { voters, reachable, canLose } = clusterHealth(members)
    if (voters === 0 || (canLose === 0 && reachable < voters)) continue
    const order = members.filter(({ learner }) => !learner).map(({ id }) => id)
    await sleep(turnMs * Math.max(0, order.sort().indexOf(state.memberId ?? '')), undefined, { signal })
    return
  }
}
