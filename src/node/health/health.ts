/** A cluster's health, computed from its members' status. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConclaveError } from '../../base/errors.ts'
import type { ClientTls } from '../certificates/credentials.ts'
import { withClusterClient, type MemberStatus } from '../cluster/cluster-client.ts'
import { diagnose } from './diagnose.ts'

export interface ClusterHealth {
  readonly voters: number
  /** Voters that answered. */
  readonly reachable: number
  readonly learners: number
  readonly hasQuorum: boolean
  /** How many more voters may fail before the quorum is lost; 0 without one. */
  readonly canLose: number
  /**
   * Of any member that shows its state to us: each stops all writes. NOSPACE: its database is full; CORRUPT: its data
   * differs from the others'. https://etcd.io/docs/v3.5/op-guide/maintenance/
   */
  readonly alarms: readonly string[]
  /** The leader's name (or id, while it has none); undefined when unknown. */
  readonly leader: string | undefined
}

/** More voters than this make writes slower and hardly safer. https://etcd.io/docs/v3.5/faq/ */
export const votersMax = 7

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1
}

export function clusterHealth(members: readonly MemberStatus[]): ClusterHealth {
  const voting = members.filter((member) => !member.learner)
  const answering = voting.filter(isReachable)
  const leader = leaderOf(members)
  // Enough answers are not yet a quorum: members that see each other also elect a leader.
  const led = leader !== undefined || voting.some(({ reserved }) => reserved === true)
  const hasQuorum = led && answering.length >= quorumOf(voting.length)
  return {
    voters: voting.length,
    reachable: answering.length,
    learners: members.length - voting.length,
    hasQuorum,
    canLose: hasQuorum ? answering.length - quorumOf(voting.length) : 0,
    alarms: [...new Set(members.flatMap(({ answer }) => answer?.alarms ?? []))].sort(),
    leader: leader === undefined ? undefined : leader.name || leader.id,
  }
}

/** Whether anything can be written. */
export function isWritable({ hasQuorum, alarms }: ClusterHealth): boolean {
  return hasQuorum && alarms.length === 0
}

export function isReachable({ answer, reserved }: MemberStatus): boolean {
  return answer !== undefined || reserved !== undefined
}

/** For a status line: '4/5 nodes, can lose 1'. */
export function describeHealth({ voters, reachable, hasQuorum, canLose, alarms }: ClusterHealth): string {
  const nodes = `${reachable}/${voters} ${voters === 1 ? 'node' : 'nodes'}`
  if (!hasQuorum) return `${nodes}, no quorum: read-only`
  if (alarms.includes('NOSPACE')) return `${nodes}, store full: read-only`
  if (alarms.length > 0) return `${nodes}, ${alarms.join(' and ')}: read-only`
  return `${nodes}, can lose ${canLose === 0 ? 'none' : canLose}${reachable < voters ? ' more' : ''}`
}

/** How many raft log entries a member is behind the most advanced one; undefined when it did not answer. */
export function lagOf(member: MemberStatus, members: readonly MemberStatus[]): number | undefined {
  if (member.answer === undefined) return undefined
  const newest = Math.max(...members.map((other) => other.answer?.raftIndex ?? 0))
  return Math.max(0, newest - member.answer.raftAppliedIndex)
}

/** The leader that members of the newest term follow. It need not have answered us. */
function leaderOf(members: readonly MemberStatus[]): MemberStatus | undefined {
  const term = Math.max(...members.map((member) => member.answer?.term ?? 0))
  const named = members.find((member) => member.answer?.term === term && member.answer.leader !== undefined)
  return members.find((member) => member.id === named?.answer?.leader)
}

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

/** Polls until aborted; never rejects. */
export async function watchHealth(
  { endpoints, tls, periodMs, onHealth }: HealthWatch,
  signal: AbortSignal,
): Promise<void> {
  await withClusterClient(endpoints, tls, async (client) => {
    while (!signal.aborted) {
      const members = await client.statuses(signal).catch(() => [])
      if (signal.aborted) break
      if (members.length > 0) onHealth(clusterHealth(members), members, undefined)
      else onHealth(undefined, [], await diagnose(endpoints, tls))
      await sleep(periodMs, undefined, { signal }).catch(() => {})
    }
  })
}
