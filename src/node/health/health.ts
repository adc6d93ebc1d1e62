/** How a cluster stands, computed from what its members said or failed to say. Pure. */

/** One member, as the list of members and its own status (if it answered) tell of it. */
export interface MemberStatus {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** '' before its first start. */
  readonly name: string
  readonly learner: boolean
  readonly peerUrls: readonly string[]
  /** Client addresses host:port. */
  readonly endpoints: readonly string[]
  /** Undefined: it did not answer in time. */
  readonly answer: MemberAnswer | undefined
  /** Why it did not answer. */
  readonly failure?: string
  /**
   * It answered, and tells its state to nodes alone (3.4.42 on, and 3.5 and 3.6 for some releases from 3.5.28 and 3.6.9
   * on, when a person asks): then this says whether it could read with a majority.
   */
  readonly reserved?: boolean
}

export interface MemberAnswer {
  readonly version: string
  /** Of the member that it takes for the leader; undefined when it knows none. */
  readonly leader: string | undefined
  readonly term: number
  readonly raftIndex: number
  readonly raftAppliedIndex: number
  readonly databaseBytes: number
  /** Of these, really used: the rest is free for reuse. */
  readonly databaseBytesInUse: number
  /** As the member reports them: NOSPACE, CORRUPT, … */
  readonly alarms: readonly string[]
  readonly latencyMs: number
}

export interface ClusterHealth {
  readonly voters: number
  /** Voters that answered. */
  readonly reachable: number
  readonly learners: number
  readonly hasQuorum: boolean
  /** So many more voters can vanish before nothing can be written. 0 also when there is no quorum. */
  readonly canLose: number
  /** The leader's name (or id, while it has none); undefined when nobody is known to lead. */
  readonly leader: string | undefined
}

/** More voters than this make writing slower and little safer. https://etcd.io/docs/v3.5/faq/ */
export const votersMax = 7

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1
}

export function clusterHealth(members: readonly MemberStatus[]): ClusterHealth {
  const voting = members.filter((member) => !member.learner)
  const answering = voting.filter(isReachable)
  const leader = leaderOf(members)
  // Answers alone are no quorum: members that see each other elect somebody.
  const led = leader !== undefined || voting.some(({ reserved }) => reserved === true)
  const hasQuorum = led && answering.length >= quorumOf(voting.length)
  return {
    voters: voting.length,
    reachable: answering.length,
    learners: members.length - voting.length,
    hasQuorum,
    canLose: hasQuorum ? answering.length - quorumOf(voting.length) : 0,
    leader: leader === undefined ? undefined : leader.name || leader.id,
  }
}

export function isReachable({ answer, reserved }: MemberStatus): boolean {
  return answer !== undefined || reserved !== undefined
}

/** '4/5 nodes, can lose 1', for a status line. */
export function describeHealth({ voters, reachable, hasQuorum, canLose }: ClusterHealth): string {
  const nodes = `${reachable}/${voters} ${voters === 1 ? 'node' : 'nodes'}`
  if (!hasQuorum) return `${nodes}, nothing can be written`
  return canLose === 0
    ? `${nodes}, can lose none${reachable < voters ? ' more' : ''}`
    : `${nodes}, can lose ${canLose}${reachable < voters ? ' more' : ''}`
}

/** Entries of the raft log that a member is behind the furthest one; undefined when it did not answer. */
export function lagOf(member: MemberStatus, members: readonly MemberStatus[]): number | undefined {
  if (member.answer === undefined) return undefined
  const newest = Math.max(...members.map((other) => other.answer?.raftIndex ?? 0))
  return Math.max(0, newest - member.answer.raftAppliedIndex)
}

/** Whom the members of the newest term follow. It need not have answered us: those that follow it hear it. */
function leaderOf(members: readonly MemberStatus[]): MemberStatus | undefined {
  const term = Math.max(...members.map((member) => member.answer?.term ?? 0))
  const named = members.find((member) => member.answer?.term === term && member.answer.leader !== undefined)
  return members.find((member) => member.id === named?.answer?.leader)
}
