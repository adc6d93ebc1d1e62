/**
 * A node joins an existing cluster. Everything that can be checked is checked first, without side effects. Then each step
 * is recorded in the node's state before the next one begins, and can be repeated:
 *
 *   opened: the state and the ticket are on disk; nothing has changed in the cluster. claimed: a node has given us the
 *   authority's key. added: we are a learner, and our etcd runs from here on. member: we vote, and the ticket is deleted
 */
import { X509Certificate } from 'node:crypto'
import { ConclaveError } from '../../base/errors.ts'
import { newKey } from '../certificates/authority.ts'
import { readClient, writeAuthority, type ClientTls } from '../certificates/credentials.ts'
import { withClusterClient, type ClusterClient, type ClusterMember } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { retry } from '../cluster/retry.ts'
import type { NodeListener } from '../events.ts'
import type { NodePaths } from '../home/paths.ts'
import { requireFreePorts, resolveSettings, reviseSettings, type NodeOptions } from '../home/settings.ts'
import { peerUrlOf, readState, writeState, type NodeSettings, type NodeState } from '../home/state.ts'
import { requireCluster } from '../tickets/connect.ts'
import { requireRoomForNode } from '../tickets/invite.ts'
import { enrol } from '../tickets/enrol.ts'
import { openSealedFor, privateKeyOf } from '../tickets/private-key.ts'
import { closeTicket } from '../tickets/serve-enrolments.ts'
import { openTicketKey } from '../tickets/ticket-code.ts'
import { checkExpiry, ticketDigest, type NodeTicket } from '../tickets/ticket.ts'
import { requireNoNode } from './bootstrap.ts'

export interface JoinContext {
  readonly paths: NodePaths
  readonly openStore: OpenStore
  readonly listener: NodeListener
  readonly signal?: AbortSignal
}

/** Others may be joining, or a node may be restarting; after that a person should look. */
const addTimeoutMs = 120_000
const pauseMs = 500

/**
 * Opens the ticket and records what the node is to be; idempotent.
 *
 * @param askCode called only when the code is needed
 */
export async function openTicket(
  paths: NodePaths,
  ticket: NodeTicket,
  askCode: () => Promise<string>,
  options: NodeOptions,
  signal?: AbortSignal,
): Promise<NodeState> {
  const present = await readState(paths)
  if (present !== undefined) return resume(paths, present, ticket, options)
  await requireNoNode(paths)
  checkExpiry(ticket)
  const settings = { ...resolveSettings(options), wan: ticket.wan }
  await requireFreePorts(settings, 0, signal)
  const ticketKey = await openTicketKey(await askCode(), ticket)
  const authority = pemOf(ticket.authority)
  const certificate = pemOf(ticket.certificate)
  const tls = { authority, certificate, key: ticketKey }
  const { members } = await requireCluster(ticket, tls, 'members', signal)
  requireRoomForNode(members.length)

  const state: NodeState = {
    version: 1,
    settings: { ...settings, name: chooseName(settings, options, members) },
    phase: 'opened',
    token: ticket.token,
    clusterId: ticket.clusterId,
    ticket: { id: ticket.id, digest: ticketDigest(ticket), authority, certificate, ticketKey, key: newKey() },
    endpoints: [...ticket.endpoints],
  }
  return writeState(paths, state)
}

/** Up to `claimed`: a node gives us the authority's key. Whether the ticket has expired is for it to decide. */
export async function claimAuthority(context: JoinContext, state: NodeState): Promise<NodeState> {
  if (state.phase !== 'opened') return state
  const { paths, openStore, listener, signal } = context
  listener({ kind: 'step', step: 'claim' })
  const { ticket, endpoints } = state
  if (ticket === undefined) throw new ConclaveError('unexpected', 'A node that joins without a ticket')
  const { authority, certificate, ticketKey, key } = ticket
  const { sealedKey } = await withStore(openStore, endpoints, { authority, certificate, key: ticketKey }, (store) =>
    enrol(store, { ...ticket, kind: 'node' }, signal),
  )
  const scalar = sealedKey === null ? undefined : openSealedFor(key, sealedKey)
  // With the wrong key it fails, as with none.
  const given = privateKeyOf(new X509Certificate(authority).raw, scalar ?? new Uint8Array(32))
  await writeAuthority(paths, { certificate: authority, key: given })
  return writeState(paths, { ...state, phase: 'claimed' })
}

/** From `claimed` to `added`. */
export async function enterCluster(context: JoinContext, begun: NodeState): Promise<NodeState> {
  const { paths, listener, signal } = context
  let state = begun
  if (state.phase === 'claimed') {
    listener({ kind: 'step', step: 'add' })
    const { settings } = state
    const tls = await readClient(paths.client)
    const memberId = await change(context, state, tls, addTimeoutMs, (client) => addMember(client, settings, signal))
    state = await writeState(paths, { ...state, phase: 'added', memberId })
  }
  return state
}

/** From learner to voter, once our etcd runs; then the ticket is deleted. */
export async function becomeVoter(context: JoinContext, begun: NodeState): Promise<NodeState> {
  const { paths, openStore, listener, signal } = context
  let state = begun
  const tls = await readClient(paths.client)
  if (state.phase === 'added') {
    listener({ kind: 'step', step: 'catch-up' })
    const { memberId = '' } = state
    await change(context, state, tls, Infinity, (client) => promoteMember(client, memberId, signal))
    state = await writeState(paths, { ...state, phase: 'member' })
  }
  if (state.ticket !== undefined) {
    listener({ kind: 'step', step: 'finish' })
    const { ticket: used, ...rest } = state
    await withStore(openStore, state.endpoints, tls, async (store) =>
      change(context, state, tls, addTimeoutMs, (client) => closeTicket({ store, client, signal }, used.id)),
    )
    state = await writeState(paths, rest)
  }
  return state
}

function pemOf(der: Uint8Array): string {
  return new X509Certificate(der).toString()
}

async function change<T>(
  { listener, signal }: JoinContext,
  { endpoints }: NodeState,
  tls: ClientTls,
  timeoutMs: number,
  attempt: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  const onWaiting = (reason: ConclaveError): void => listener({ kind: 'waiting', reason })
  return withClusterClient(endpoints, tls, (client) =>
    retry(() => attempt(client), { timeoutMs, pauseMs, onWaiting, signal }),
  )
}

/** NAME=PEER-URL of every member, for our etcd's first start. */
export async function initialMembers(state: NodeState, tls: ClientTls, signal?: AbortSignal): Promise<string[]> {
  const { members } = await withClusterClient(state.endpoints, tls, (client) => client.members(signal))
  if (!members.some(({ id }) => id === state.memberId)) throw removed('before its first start')
  return members.flatMap(({ id, name, peerUrls }) => {
    const shown = id === state.memberId ? state.settings.name : name || `unnamed-${id}`
    return peerUrls.map((url) => `${shown}=${url}`)
  })
}

async function resume(
  paths: NodePaths,
  present: NodeState,
  ticket: NodeTicket,
  options: NodeOptions,
): Promise<NodeState> {
  if (present.clusterId !== ticket.clusterId) {
    throw new ConclaveError('not-a-store', 'This home has a node of another cluster than the ticket is for', {
      hint: 'A node of another cluster needs its own home: --home DIR.',
    })
  }
  if (present.phase !== 'member' && present.ticket !== undefined && present.ticket.id !== ticket.id) {
    throw new ConclaveError('usage', 'This home is already joining with another ticket', {
      hint: 'Continue with `conclave node start`. The new ticket stays unused.',
    })
  }
  return reviseState(paths, present, options)
}

/** Applies the options of a later start. @throws usage for an option that other nodes rely on */
export async function reviseState(paths: NodePaths, present: NodeState, options: NodeOptions): Promise<NodeState> {
  const known = present.phase !== 'opened' && present.phase !== 'claimed'
  return writeState(paths, { ...present, settings: reviseSettings(present.settings, options, known) })
}

/** Ours, or the first of NAME-2, NAME-3, … that is free. @throws name-taken when a person chose a taken name */
function chooseName(settings: NodeSettings, options: NodeOptions, members: readonly ClusterMember[]): string {
  const own = peerUrlOf(settings)
  const present = members.find(({ peerUrls }) => peerUrls.includes(own))
  if (present !== undefined) throw addressTaken(present, own)
  const taken = new Set(members.map(({ name }) => name))
  if (options.name !== undefined && taken.has(options.name)) {
    throw new ConclaveError('name-taken', `The cluster already has a node called ${options.name}`, {
      hint: 'Choose another name: --name NAME.',
    })
  }
  let name = settings.name
  for (let n = 2; taken.has(name); n += 1) name = `${settings.name}-${n}`
  return name
}

/** Finds this node in the list if an earlier attempt was killed before it recorded the change. */
async function addMember(client: ClusterClient, settings: NodeSettings, signal?: AbortSignal): Promise<string> {
  const own = peerUrlOf(settings)
  const { members } = await client.members(signal)
  const present = members.find(({ peerUrls }) => peerUrls.includes(own))
  if (present === undefined) return client.addLearner(own, signal)
  if (present.name === '' && present.learner) return present.id
  throw addressTaken(present, own)
}

async function promoteMember(client: ClusterClient, id: string, signal?: AbortSignal): Promise<void> {
  const { members } = await client.members(signal)
  const self = members.find((member) => member.id === id)
  if (self === undefined) throw removed('before it became a voter')
  if (self.learner) await client.promote(id, signal)
}

function addressTaken({ name, id }: ClusterMember, url: string): ConclaveError {
  return new ConclaveError('usage', `The node ${name || id} already uses ${url}`, {
    hint: `Choose another address or port (--advertise, --peer-port) and join again. If that node is gone: \`conclave node remove ${name || id}\`.`,
  })
}

function removed(when: string): ConclaveError {
  return new ConclaveError('closed', `This node was removed from its cluster ${when}`, {
    hint: 'Move its folder away and join with a new ticket.',
  })
}
