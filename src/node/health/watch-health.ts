/** Polls a cluster's health: for a status line, and for `node status --watch`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConclaveError } from '../../base/errors.ts'
import { ClusterClient, type MemberStatus } from '../cluster/cluster-client.ts'
import type { ClientTls } from '../certificates/credentials.ts'
import { diagnose } from './diagnose.ts'
import { clusterHealth, type ClusterHealth } from './health.ts'

export interface HealthWatch {
  /** host:port of any members. */
  readonly endpoints: readonly string[]
  readonly tls: ClientTls
  readonly periodMs: number
  /** `health` is undefined when no member answered; `reason` says why, if known. */
  readonly onHealth: (
    health: ClusterHealth | undefined,
    members: readonly MemberStatus[],
    reason: ConclaveError | undefined,
  ) => void
}

/** Runs until aborted; never rejects. */
export async function watchHealth(
  { endpoints, tls, periodMs, onHealth }: HealthWatch,
  signal: AbortSignal,
): Promise<void> {
  const client = new ClusterClient(endpoints, tls)
  try {
    while (!signal.aborted) {
      const members = await client.statuses(signal).catch(() => [])
      if (signal.aborted) break
      if (members.length > 0) onHealth(clusterHealth(members), members, undefined)
      else onHealth(undefined, [], await diagnose(endpoints, tls))
      await sleep(periodMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    client.close()
  }
}
