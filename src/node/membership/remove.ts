import { ConclaveError } from '../../base/errors.ts'
import type { ClusterClient, ClusterMember, MemberStatus } from '../cluster/cluster-client.ts'
import { clusterHealth, quorumOf } from '../health/health.ts'
import { retry, type RetryPolicy } from '../cluster/retry.ts'

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
  throw new ConclaveError('usage', `${found.length === 0 ? 'No node is' : 'Several nodes are'} called ${wanted}`, {
    hint: `The nodes are: ${known}. You can also use an id or address (\`conclave node status\`).`,
  })
}

/** What remains without the member, for confirmation. @throws not-allowed when the rest would have no quorum */
export function outlookWithout(member: MemberStatus, members: readonly MemberStatus[]): string {
  if (member.learner) return 'It is not a voter yet.'
  const left = members.filter(({ id }) => id !== member.id)
  const { voters, reachable } = clusterHealth(left)
  if (voters === 0) {
    throw new ConclaveError('not-allowed', 'This is the only node of the cluster', {
      hint: 'To end the cluster, stop the node and delete its home.',
    })
  }
  if (reachable < quorumOf(voters)) {
    throw new ConclaveError(
      'not-allowed',
      `Only ${reachable} of the ${voters} remaining nodes would be reachable: no majority`,
      {
        hint: 'Start the nodes that are down first.',
      },
    )
  }
  const spare = reachable - quorumOf(voters)
  return `${voters} ${voters === 1 ? 'node remains' : 'nodes remain'}; ${spare === 0 ? 'none' : spare} of them may fail.`
}

/** Resolves when the rest has a leader. Idempotent. */
export async function removeMember(client: ClusterClient, id: string, policy: RetryPolicy): Promise<void> {
  await retry(async () => {
    const { members } = await client.members(policy.signal)
    if (members.some((member) => member.id === id)) await client.remove(id, policy.signal)
  }, policy)
  // It may have been the leader; the others then elect a new one.
  await retry(async () => {
    if (clusterHealth(await client.statuses(policy.signal)).hasQuorum) return
    throw new ConclaveError('unavailable', 'The remaining nodes have no leader yet', {
      hint: 'They elect one within seconds: `conclave node status` shows it.',
      retryable: true,
    })
  }, policy)
}
