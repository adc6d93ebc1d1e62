/** Tickets issued by a node that votes: it holds the authority's key. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { fromHex, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { admitPerson } from '../access/access-control.ts'
import { issuePerson } from '../certificates/authority.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import type { Store } from '../../store/store.ts'
import { readAuthority, readClient } from '../certificates/credentials.ts'
import { votersMax } from '../health/health.ts'
import { incarnationKey, moveRange } from '../migrate-store.ts'
import type { NodePaths } from '../home/paths.ts'
import { requireState, type NodeState } from '../home/state.ts'
import { newCode, scalarOf, sealAuthorityKey } from './ticket-code.ts'
import { issuedTicket, recordTicket } from './ticket-record.ts'
import { encodeTicket, type Ticket } from './ticket.ts'

export const ticketLifeMsUsual = 86_400_000

export interface InviteOptions {
  /** From issue to expiry, at most 30 days. */
  readonly lifeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Invitation {
  readonly ticket: string
  /** For a node: shown apart from the ticket. */
  readonly code: string | undefined
  readonly expires: number
}

const ticketLifeMsMax = 30 * 86_400_000

export async function inviteNode(
  paths: NodePaths,
  openStore: OpenStore,
  options: InviteOptions = {},
): Promise<Invitation> {
  const base = await beginTicket(paths, options)
  if (base.members >= votersMax) {
    throw new ConclaveError('not-allowed', `the cluster has ${base.members} nodes: more make it slower, not safer`, {
      hint: 'Further machines are clients: conclave node invite --client NAME.',
    })
  }
  const code = newCode()
  const { token, settings } = base.state
  const ticket = await sealAuthorityKey(
    code,
    { kind: 'node', ...base.common, token, wan: settings.wan },
    base.authority.key,
  )
  return issue(paths, openStore, ticket, code, options)
}

/** @throws usage for what is no name */
export async function invitePerson(
  paths: NodePaths,
  name: string,
  openStore: OpenStore,
  options: InviteOptions = {},
): Promise<Invitation> {
  const base = await beginTicket(paths, options)
  const identity = await issuePerson(base.authority, name).catch((cause: unknown) => {
    throw new ConclaveError('usage', `"${name}" can't be a person's name`, {
      hint: 'Two to 32 letters, digits, "_" and "-"; and not "root".',
      cause,
    })
  })
  const certificate = derOf(identity.certificate)
  const ticket: Ticket = { kind: 'person', ...base.common, name, certificate, scalar: scalarOf(identity.key) }
  const tls = await readClient(paths.client)
  await withStore(openStore, ticket.endpoints, tls, (store) => bringToLife(store, options.signal))
  const invitation = await issue(paths, openStore, ticket, undefined, options)
  const client = new ClusterClient(ticket.endpoints, tls)
  try {
    await admitPerson(client, identity.user, options.signal)
  } finally {
    client.close()
  }
  return invitation
}

/** A store gets its incarnation from whoever uses it first; a person may not give it one. */
async function bringToLife(store: Store, signal?: AbortSignal): Promise<void> {
  const { ok, reads } = await store.commit(
    {
      if: [
        { kind: 'revision', key: incarnationKey, modRevision: 0 },
        { kind: 'empty', key: moveRange.start, end: moveRange.end },
      ],
      then: [{ kind: 'put', key: incarnationKey, value: new Uint8Array(randomBytes(16)) }],
      else: [{ kind: 'read', key: incarnationKey }],
    },
    signal,
  )
  if (ok || reads[0]?.[0] !== undefined) return
  throw new ConclaveError('unavailable', 'an embedded store is being moved into this cluster', {
    hint: 'Invite once `conclave node start --from-local` has said that it is done.',
    retryable: true,
  })
}

async function beginTicket(paths: NodePaths, { lifeMs = ticketLifeMsUsual, signal }: InviteOptions) {
  if (!(lifeMs >= 60_000 && lifeMs <= ticketLifeMsMax)) {
    throw new ConclaveError('usage', 'a ticket lives for one minute to thirty days', { hint: 'For example --for 24h.' })
  }
  const state = await requireVoter(paths)
  const authority = await readAuthority(paths)
  const client = new ClusterClient(state.endpoints, await readClient(paths.client))
  try {
    const { clusterId, members } = await client.members(signal)
    const voting = members.filter(({ learner }) => !learner).flatMap(({ endpoints }) => endpoints)
    const common = {
      id: hex(randomBytes(16)),
      clusterId,
      expires: Math.floor((Date.now() + lifeMs) / 1000) * 1000,
      endpoints: [...new Set([...state.endpoints.filter((endpoint) => voting.includes(endpoint)), ...voting])],
      authority: derOf(authority.certificate),
    }
    return { state, authority, common, members: members.length }
  } finally {
    client.close()
  }
}

async function issue(
  paths: NodePaths,
  openStore: OpenStore,
  ticket: Ticket,
  code: string | undefined,
  { signal }: InviteOptions,
): Promise<Invitation> {
  const tls = await readClient(paths.client)
  await withStore(openStore, ticket.endpoints, tls, (store) =>
    recordTicket(store, issuedTicket(ticket), Date.now(), signal),
  )
  return { ticket: encodeTicket(ticket), code, expires: ticket.expires }
}

async function requireVoter(paths: NodePaths): Promise<NodeState> {
  const state = await requireState(paths)
  if (state.phase === 'member') return state
  throw new ConclaveError('unavailable', 'this node is not part of its cluster yet', {
    hint: 'Start it (`conclave node start`) and wait until it says that it is ready.',
    retryable: true,
  })
}

function derOf(pem: string): Bytes {
  return fromHex(new X509Certificate(pem).raw.toString('hex'))
}
