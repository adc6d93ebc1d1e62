/** Takes a node out of the cluster. */
import { ConclaveError } from '../../base/errors.ts'
import type { ClusterClient, ClusterMember } from '../cluster/cluster-client.ts'
import { clusterHealth, quorumOf, type MemberStatus } from '../health/health.ts'
import { persist, type Patience } from '../cluster/retry.ts'

/** By name, id, or one of its addresses. @throws usage when none or several fit */
export function findMember<M extends ClusterMember>(members: readonly M[], wanted: string): M {
  const found = members.filter(
    ({ id, name, peerUrls, endpoints }) =>
      name === wanted ||
      id === wanted ||
      endpoints.includes(wanted) ||
      peerUrls.some((url) => url.endsWith(`//${wanted}`)),
  )
  const [member] = found
  if (member !== undefined && found.length === 1) return member
  const known = members.map(({ id, name }) => name || id).join(', ')
  throw new ConclaveError('usage', `${found.length === 0 ? 'no node is' : 'several nodes are'} called ${wanted}`, {
    hint: `There are: ${known}. A node can be named by its id or address too (\`conclave node status\`).`,
  })
}

/** What would be left: for a person to read before he agrees. @throws not-allowed when that could not write any more */
export function outlookWithout(member: MemberStatus, members: readonly MemberStatus[]): string {
  if (member.learner) return 'It does not vote yet.'
  const left = members.filter(({ id }) => id !== member.id)
  const { voters, reachable } = clusterHealth(left)
  if (voters === 0) {
    throw new ConclaveError('not-allowed', 'it is the only node: without it there is no cluster', {
      hint: 'To end the cluster, stop the node and delete its home.',
    })
  }
  if (reachable < quorumOf(voters)) {
    throw new ConclaveError('not-allowed', `of the ${voters} nodes left only ${reachable} would answer: no majority`, {
      hint: 'Start those that are down first.',
    })
  }
  const bears = reachable - quorumOf(voters)
  return `${voters} ${voters === 1 ? 'node is' : 'nodes are'} left; ${bears === 0 ? 'none' : bears} of them may fail.`
}

/** Resolves when those that are left have a leader. Again for a member that is gone already: nothing happens. */
export async function removeMember(client: ClusterClient, id: string, patience: Patience): Promise<void> {
  await persist(async () => {
    const { members } = await client.members(patience.signal)
    if (members.some((member) => member.id === id)) await client.remove(id, patience.signal)
  }, patience)
  // It may have been the leader: then the others elect one first.
  await persist(async () => {
    if (clusterHealth(await client.statuses(patience.signal)).hasQuorum) return
    throw new ConclaveError('unavailable', 'the nodes that are left have no leader yet', {
      hint: 'They elect one within seconds; `conclave node status` shows it.',
      retryable: true,
    })
  }, patience)
}
