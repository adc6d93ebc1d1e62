/** Issues tickets. Only a voting node does: it holds the authority's key. Running nodes answer their holders. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { grantTicket, ticketUser } from '../access/access-control.ts'
import { issueTicketIdentity } from '../certificates/authority.ts'
import { readAuthority, readClient, type ClientTls } from '../certificates/credentials.ts'
import { requireName } from '../certificates/serials.ts'
import { withClusterClient, type ClusterClient } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { retry } from '../cluster/retry.ts'
import { votersMax } from '../health/health.ts'
import type { NodePaths } from '../home/paths.ts'
import { requireState } from '../home/state.ts'
import { incarnationKey, migrationRange } from '../migrate-store.ts'
import { parseEtcdVersion, restrictsPeople, restrictingVersions } from '../process/etcd-binary.ts'
import { answerKey, askKey } from './enrolment.ts'
import { scalarOf } from './private-key.ts'
import { newCode, sealTicketKey } from './ticket-code.ts'
import { issuedTicket, recordTicket } from './ticket-record.ts'
import { encodeTicket, type Ticket } from './ticket.ts'

export interface InviteOptions {
  /** From issue to expiry: one minute to 30 days, a day if absent. */
  readonly lifeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PersonInviteOptions extends InviteOptions {
  /** Also where a node runs an etcd on which people can do more than they should. */
  readonly oldEtcd?: boolean | undefined
}

export interface Invitation {
  readonly ticket: string
  /** For a node: shown separately from the ticket. */
  readonly code: string | undefined
  readonly expires: number
}

const dayMs = 86_400_000
/** Nodes may be restarting their etcds, as after `node revoke`. */
const retryTimeoutMs = 20_000
const retryPauseMs = 200

export async function inviteNode(
  paths: NodePaths,
  openStore: OpenStore,
  options: InviteOptions = {},
): Promise<Invitation> {
  const begun = await beginTicket(paths, options)
  const { state, identity, members, common } = begun
  requireRoomForNode(members)
  const code = newCode()
  const plain = { kind: 'node', ...common, token: state.token, wan: state.settings.wan } as const
  const ticket = await sealTicketKey(code, plain, identity.key)
  await issue(begun, ticket, openStore, options)
  return { ticket: encodeTicket(ticket), code, expires: ticket.expires }
}

/** @throws usage for an invalid name; not-allowed when a node's etcd is old */
export async function invitePerson(
  paths: NodePaths,
  name: string,
  openStore: OpenStore,
  options: PersonInviteOptions = {},
): Promise<Invitation> {
  try {
    requireName(name)
  } catch (cause) {
    throw new ConclaveError('usage', `"${name}" is not a valid name`, {
      hint: 'Use 2 to 32 letters, digits, "_" and "-", but not "root".',
      cause,
    })
  }
  const begun = await beginTicket(paths, options)
  if (options.oldEtcd !== true) {
    await withClusterClient(begun.common.endpoints, begun.tls, (client) => requireRestricting(client, options.signal))
  }
  const ticket: Ticket = { kind: 'person', ...begun.common, name, scalar: scalarOf(begun.identity.key) }
  await issue(begun, ticket, openStore, options)
  return { ticket: encodeTicket(ticket), code: undefined, expires: ticket.expires }
}

/** Members that don't answer can't be judged. */
async function requireRestricting(client: ClusterClient, signal?: AbortSignal): Promise<void> {
  const members = await client.statuses(signal)
  for (const { name, id, answer } of members) {
    const version = parseEtcdVersion(`etcd Version: ${answer?.version}`)
    if (version === undefined || restrictsPeople(version)) continue
    throw new ConclaveError(
      'not-allowed',
      `The node ${name || id} runs etcd ${answer?.version}, which does not restrict people enough`,
      {
        hint: `Anyone with a certificate could stop all writes and delete others' records there. Update etcd on every node: ${restrictingVersions}. If you trust everyone you invite: --old-etcd.`,
      },
    )
  }
}

/** @throws not-allowed when a cluster of so many nodes should not grow */
export function requireRoomForNode(nodes: number): void {
  if (nodes < votersMax) return
  throw new ConclaveError('not-allowed', `The cluster has ${nodes} nodes: more make it slower, not safer`, {
    hint: 'Connect further machines as clients: `conclave node invite --client NAME` on a node, then `conclave connect TICKET`.',
  })
}

async function beginTicket(paths: NodePaths, { lifeMs = dayMs, signal }: InviteOptions) {
  if (!(lifeMs >= 60_000 && lifeMs <= 30 * dayMs)) {
    throw new ConclaveError('usage', 'A ticket is valid for one minute to thirty days', {
      hint: 'For example: --for 24h.',
    })
  }
  const state = await requireState(paths)
  if (state.phase !== 'member') {
    throw new ConclaveError('unavailable', 'This node is not part of its cluster yet', {
      hint: 'Start it (`conclave node start`) and wait until it is ready.',
      retryable: true,
    })
  }
  const authority = await readAuthority(paths)
  const tls = await readClient(paths.client)
  const { clusterId, members } = await withClusterClient(state.endpoints, tls, (client) =>
    patiently(() => client.members(signal), signal),
  )
  const id = hex(randomBytes(16))
  const expires = Math.floor((Date.now() + lifeMs) / 1000) * 1000
  const identity = await issueTicketIdentity(authority, ticketUser(id), expires)
  const voting = members.filter(({ learner }) => !learner).flatMap(({ endpoints }) => endpoints)
  const common = {
    id,
    clusterId,
    expires,
    endpoints: [...new Set([...state.endpoints.filter((endpoint) => voting.includes(endpoint)), ...voting])],
    authority: derOf(authority.certificate),
    certificate: derOf(identity.certificate),
  }
  return { state, identity, tls, members: members.length, common }
}

async function issue(
  { tls }: { readonly tls: ClientTls },
  ticket: Ticket,
  openStore: OpenStore,
  { signal }: InviteOptions,
): Promise<void> {
  const asker = { ticket: ticket.id }
  const keys = { ask: askKey(asker), answer: answerKey(asker) }
  const record = async (store: Store): Promise<void> => {
    if (ticket.kind === 'person') await ensureIncarnation(store, signal)
    // Before its user: a user without a ticket is deleted.
    await recordTicket(store, issuedTicket(ticket), signal)
  }
  await patiently(() => withStore(openStore, ticket.endpoints, tls, record), signal)
  await withClusterClient(ticket.endpoints, tls, (client) =>
    patiently(() => grantTicket(client, ticket.id, keys, signal), signal),
  )
}

function patiently<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return retry(attempt, { timeoutMs: retryTimeoutMs, pauseMs: retryPauseMs, signal })
}

/** The first user of a store creates its incarnation, but people lack permission to do so. */
async function ensureIncarnation(store: Store, signal?: AbortSignal): Promise<void> {
  const { ok, reads } = await store.commit(
    {
      if: [
        { kind: 'revision', key: incarnationKey, modRevision: 0 },
        { kind: 'empty', key: migrationRange.start, end: migrationRange.end },
      ],
      then: [{ kind: 'put', key: incarnationKey, value: new Uint8Array(randomBytes(16)) }],
      else: [{ kind: 'read', key: incarnationKey }],
    },
    signal,
  )
  if (ok || reads[0]?.[0] !== undefined) return
  throw new ConclaveError('unavailable', 'An embedded store is being moved into this cluster', {
    hint: 'Invite people once `conclave node start --from-local` has finished.',
    retryable: true,
  })
}

function derOf(pem: string): Bytes {
  return new Uint8Array(new X509Certificate(pem).raw)
}
