/** Keeps access control enabled and ends the connections of revoked certificates, while a node runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConclaveError } from '../../base/errors.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { OpenStore } from '../cluster/open-store.ts'
import { retry } from '../cluster/retry.ts'
import type { NodeListener } from '../events.ts'
import { clusterHealth } from '../health/health.ts'
import type { NodePaths } from '../home/paths.ts'
import type { NodeState } from '../home/state.ts'
import { protectCluster } from './access-control.ts'
import { followRevocations } from './revocations.ts'

interface LocalNode {
  /** Our own etcd. */
  readonly local: ClusterClient
  readonly listener: NodeListener
  readonly signal: AbortSignal
}

export interface AccessEnforcement extends LocalNode {
  readonly paths: NodePaths
  readonly state: NodeState
  readonly openStore: OpenStore
  readonly restartEtcd: () => void
  readonly delays?: RestartDelays | undefined
  /** How often the node's certificate is read again. */
  readonly periodMs?: number | undefined
}

/** etcds restart one after the other. */
export interface RestartDelays {
  /** Leaves `node revoke` time to finish with this cluster. */
  readonly firstMs: number
  /** Between two nodes, and between looks at the cluster's health: a restarted etcd serves well before. */
  readonly nextMs: number
}

const usual: RestartDelays = { firstMs: 500, nextMs: 4000 }

/** @throws the last transient error after `timeoutMs` */
export async function enableAccessControl({ local, listener, signal }: LocalNode, timeoutMs: number): Promise<void> {
  const onWaiting = (reason: ConclaveError): void => listener({ kind: 'waiting', reason })
  await retry(() => protectCluster(local, signal), { timeoutMs, pauseMs: 100, onWaiting, signal })
}

/** Runs until aborted; never rejects. */
export async function enforceAccess(enforcement: AccessEnforcement): Promise<void> {
  const { paths, state, openStore, listener, restartEtcd, signal, periodMs } = enforcement
  let restarting: Promise<void> | undefined
  const restart = async (): Promise<void> => {
    await waitForTurn(enforcement)
    listener({ kind: 'restart', how: 'to end the connections of a revoked certificate', inMs: 0 })
    restartEtcd()
  }
  // One restart serves all revocations made while this node waits for its turn.
  const onChange = (): void => {
    restarting ??= restart()
      .catch(() => {})
      .finally(() => (restarting = undefined))
  }
  try {
    // Grants what a newer Conclave needs, too.
    await enableAccessControl(enforcement, Infinity)
    await followRevocations(paths, { endpoints: state.endpoints, openStore, onChange, signal, periodMs })
  } catch (cause) {
    if (signal.aborted) return
    const reason = new ConclaveError('unexpected', "Can't maintain the cluster's access control", { cause })
    listener({ kind: 'waiting', reason })
  }
}

/** Nodes restart in turn, and none while the quorum depends on all that are reachable. */
async function waitForTurn({ state, local, signal, delays = usual }: AccessEnforcement): Promise<void> {
  for (let waitMs = delays.firstMs; ; waitMs = delays.nextMs) {
    await sleep(waitMs, undefined, { signal })
    const members = await local.statuses(signal).catch(() => [])
    const { voters, reachable, canLose } = clusterHealth(members)
    if (voters === 0 || (canLose === 0 && reachable < voters)) continue
    const order = members.filter(({ learner }) => !learner).map(({ id }) => id)
    const turn = order.sort().indexOf(state.memberId ?? '')
    await sleep(delays.nextMs * Math.max(0, turn), undefined, { signal })
    return
  }
}
