/** Issues tickets. Only a voting node does: it holds the authority's key. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { grantAccess } from '../access/access-control.ts'
import { issuePerson } from '../certificates/authority.ts'
import { readAuthority, readClient } from '../certificates/credentials.ts'
import { withClusterClient } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { votersMax } from '../health/health.ts'
import type { NodePaths } from '../home/paths.ts'
import { requireState } from '../home/state.ts'
import { incarnationKey, migrationRange } from '../migrate-store.ts'
import { newCode, scalarOf, sealAuthorityKey } from './ticket-code.ts'
import { issuedTicket, recordTicket } from './ticket-record.ts'
import { encodeTicket, type Ticket } from './ticket.ts'

export interface InviteOptions {
  /** From issue to expiry: one minute to 30 days, a day if absent. */
  readonly lifeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Invitation {
  readonly ticket: string
  /** For a node: shown separately from the ticket. */
  readonly code: string | undefined
  readonly expires: number
}

const dayMs = 86_400_000

export async function inviteNode(
  paths: NodePaths,
  openStore: OpenStore,
  options: InviteOptions = {},
): Promise<Invitation> {
  const { state, authority, tls, members, common } = await beginTicket(paths, options)
  requireRoomForNode(members)
  const code = newCode()
  const plain = { kind: 'node', ...common, token: state.token, wan: state.settings.wan } as const
  const ticket = await sealAuthorityKey(code, plain, authority.key)
  await withStore(openStore, ticket.endpoints, tls, (store) => record(store, ticket, options.signal))
  return { ticket: encodeTicket(ticket), code, expires: ticket.expires }
}

/** @throws usage for an invalid name */
export async function invitePerson(
  paths: NodePaths,
  name: string,
  openStore: OpenStore,
  options: InviteOptions = {},
): Promise<Invitation> {
  const { signal } = options
  const { authority, tls, common } = await beginTicket(paths, options)
  const identity = await issuePerson(authority, name).catch((cause: unknown) => {
    throw new ConclaveError('usage', `"${name}" is not a valid name`, {
      hint: 'Use 2 to 32 letters, digits, "_" and "-", but not "root".',
      cause,
    })
  })
  const certificate = derOf(identity.certificate)
  const ticket: Ticket = { kind: 'person', ...common, name, certificate, scalar: scalarOf(identity.key) }
  await withStore(openStore, ticket.endpoints, tls, async (store) => {
    await ensureIncarnation(store, signal)
    await record(store, ticket, signal)
  })
  await withClusterClient(ticket.endpoints, tls, (client) => grantAccess(client, identity.user, signal))
  return { ticket: encodeTicket(ticket), code: undefined, expires: ticket.expires }
}

/** @throws not-allowed when a cluster of so many nodes should not grow */
export function requireRoomForNode(nodes: number): void {
  if (nodes < votersMax) return
  throw new ConclaveError('not-allowed', `the cluster has ${nodes} nodes: more make it slower, not safer`, {
    hint: 'Connect further machines as clients: `conclave node invite --client NAME` on a node, then `conclave connect TICKET`.',
  })
}

async function beginTicket(paths: NodePaths, { lifeMs = dayMs, signal }: InviteOptions) {
  if (!(lifeMs >= 60_000 && lifeMs <= 30 * dayMs)) {
    throw new ConclaveError('usage', 'a ticket is valid for one minute to thirty days', {
      hint: 'For example: --for 24h.',
    })
  }
  const state = await requireState(paths)
  if (state.phase !== 'member') {
    throw new ConclaveError('unavailable', 'this node is not part of its cluster yet', {
      hint: 'Start it (`conclave node start`) and wait until it is ready.',
      retryable: true,
    })
  }
  const authority = await readAuthority(paths)
  const tls = await readClient(paths.client)
  const { clusterId, members } = await withClusterClient(state.endpoints, tls, (client) => client.members(signal))
  const voting = members.filter(({ learner }) => !learner).flatMap(({ endpoints }) => endpoints)
  const common = {
    id: hex(randomBytes(16)),
    clusterId,
    expires: Math.floor((Date.now() + lifeMs) / 1000) * 1000,
    endpoints: [...new Set([...state.endpoints.filter((endpoint) => voting.includes(endpoint)), ...voting])],
    authority: derOf(authority.certificate),
  }
  return { state, authority, tls, members: members.length, common }
}

async function record(store: Store, ticket: Ticket, signal?: AbortSignal): Promise<void> {
  await recordTicket(store, issuedTicket(ticket), Date.now(), signal)
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
  throw new ConclaveError('unavailable', 'an embedded store is being moved into this cluster', {
    hint: 'Invite people once `conclave node start --from-local` has finished.',
    retryable: true,
  })
}

function derOf(pem: string): Bytes {
  return new Uint8Array(new X509Certificate(pem).raw)
}
