/**
 * A further node joins: first all that can be checked without changing anything, then steps that are each recorded in
 * the node's state before the next one begins, and can each be done again:
 *
 *   opened   the ticket's authority and the state are on disk; nothing has changed in the cluster
 *   claimed  the ticket in the store is ours
 *   added    the cluster counts us as a learner; from here on our etcd runs (node.ts)
 *   member   it votes, and the ticket is gone
 */
import { randomBytes, X509Certificate } from 'node:crypto'
import { ConclaveError } from '../../base/errors.ts'
import { issueLocal } from '../certificates/authority.ts'
import { ClusterClient, type ClientTls, type ClusterMember } from '../cluster/cluster-client.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { readClient, renewCertificates, writeAuthority } from '../certificates/credentials.ts'
import { peerUrlOf } from '../process/etcd-arguments.ts'
import type { NodeListener } from '../events.ts'
import { requireNoNode } from './bootstrap.ts'
import { votersMax } from '../health/health.ts'
import type { NodePaths } from '../home/paths.ts'
import { persist } from '../cluster/retry.ts'
import { diagnose } from '../health/diagnose.ts'
import { freeName, requirePorts, resolveSettings, reviseSettings, type NodeOptions } from '../home/settings.ts'
import { readState, writeState, type NodeSettings, type NodeState } from '../home/state.ts'
import { openAuthorityKey } from '../tickets/ticket-code.ts'
import { claimTicket, finishTicket } from '../tickets/ticket-record.ts'
import { checkExpiry, ticketDigest, type NodeTicket } from '../tickets/ticket.ts'

/** Others may be joining, a node may be starting again: longer than that, and a person should look. */
const changePatienceMs = 120_000
const pauseMs = 500

/**
 * Opens the ticket and writes down what the node is to be. Again with the same ticket: nothing happens.
 *
 * @param askCode asked only when the code is needed
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
  await requirePorts(settings, 0, signal)
  const key = await openAuthorityKey(await askCode(), ticket)
  const authority = { certificate: new X509Certificate(ticket.authority).toString(), key }
  const tls = { authority: authority.certificate, ...(await issueLocal(authority)) }
  const members = await examineCluster(ticket, tls, signal)

  const state: NodeState = {
    version: 1,
    settings: { ...settings, name: chooseName(settings, options, members) },
    phase: 'opened',
    token: ticket.token,
    clusterId: ticket.clusterId,
    ticket: { id: ticket.id, digest: ticketDigest(ticket), claim: randomBytes(16).toString('hex') },
    endpoints: [...ticket.endpoints],
  }
  await writeAuthority(paths, authority)
  await renewCertificates(paths, state.settings)
  await writeState(paths, state)
  return state
}

/** Everything up to `added`. */
export async function enterCluster(
  paths: NodePaths,
  begun: NodeState,
  openStore: OpenStore,
  listener: NodeListener,
  signal?: AbortSignal,
): Promise<NodeState> {
  let state = begun
  const tls = await readClient(paths.client)
  if (state.phase === 'opened') {
    listener({ kind: 'step', step: 'claim' })
    const { ticket, endpoints } = state
    if (ticket === undefined) throw new ConclaveError('unexpected', 'a node that joins without a ticket')
    // The store has looked at the time of its claim: what was claimed in time stays ours.
    const issued = { kind: 'node', expires: 0, ...ticket } as const
    await withStore(openStore, endpoints, tls, (store) => claimTicket(store, issued, ticket.claim, Date.now(), signal))
    state = await record(paths, { ...state, phase: 'claimed' })
  }
  if (state.phase === 'claimed') {
    listener({ kind: 'step', step: 'add' })
    const client = new ClusterClient(state.endpoints, tls)
    try {
      const memberId = await persist(() => addMember(client, state.settings, signal), {
        patienceMs: changePatienceMs,
        pauseMs,
        onWaiting: (reason) => listener({ kind: 'waiting', reason }),
        signal,
      })
      state = await record(paths, { ...state, phase: 'added', memberId })
    } finally {
      client.close()
    }
  }
  return state
}

/** From learner to voter, once our etcd runs; then the ticket is forgotten. */
export async function becomeVoter(
  paths: NodePaths,
  begun: NodeState,
  openStore: OpenStore,
  listener: NodeListener,
  signal?: AbortSignal,
): Promise<NodeState> {
  let state = begun
  const tls = await readClient(paths.client)
  if (state.phase === 'added') {
    listener({ kind: 'step', step: 'catch-up' })
    const client = new ClusterClient(state.endpoints, tls)
    try {
      await persist(() => promoteMember(client, state.memberId ?? '', signal), {
        patienceMs: Infinity,
        pauseMs,
        onWaiting: (reason) => listener({ kind: 'waiting', reason }),
        signal,
      })
    } finally {
      client.close()
    }
    state = await record(paths, { ...state, phase: 'member' })
  }
  if (state.ticket !== undefined) {
    listener({ kind: 'step', step: 'finish' })
    const { ticket: used, ...rest } = state
    await withStore(openStore, state.endpoints, tls, (store) => finishTicket(store, used, used.claim, signal))
    state = await record(paths, rest)
  }
  return state
}

/** Of each member its name and peer address, as etcd wants them for a member's first start. */
export async function currentCluster(state: NodeState, tls: ClientTls, signal?: AbortSignal): Promise<string[]> {
  const client = new ClusterClient(state.endpoints, tls)
  try {
    const { members } = await client.members(signal)
    if (!members.some(({ id }) => id === state.memberId)) {
      throw new ConclaveError('closed', 'this node was removed from its cluster before it had started', {
        hint: 'Move its folder away and join with a new ticket.',
      })
    }
    return members.flatMap(({ id, name, peerUrls }) => {
      const shown = id === state.memberId ? state.settings.name : name || `unnamed-${id}`
      return peerUrls.map((url) => `${shown}=${url}`)
    })
  } finally {
    client.close()
  }
}

async function resume(
  paths: NodePaths,
  present: NodeState,
  ticket: NodeTicket,
  options: NodeOptions,
): Promise<NodeState> {
  if (present.clusterId !== ticket.clusterId) {
    throw new ConclaveError('not-a-store', 'this home has a node of another cluster than the ticket is for', {
      hint: 'A node of another cluster needs a home of its own: --home DIR.',
    })
  }
  if (present.phase !== 'member' && present.ticket !== undefined && present.ticket.id !== ticket.id) {
    throw new ConclaveError('usage', 'this home is joining on another ticket already', {
      hint: 'Go on with `conclave node start`. The new ticket remains unused.',
    })
  }
  return reviseState(paths, present, options)
}

/** Takes over what a person says at a later start. @throws usage for what others rely on */
export async function reviseState(paths: NodePaths, present: NodeState, options: NodeOptions): Promise<NodeState> {
  const known = present.phase !== 'opened' && present.phase !== 'claimed'
  return record(paths, { ...present, settings: reviseSettings(present.settings, options, known) })
}

/** Reachable, the ticket's cluster, and with room for one more. */
async function examineCluster(
  ticket: NodeTicket,
  tls: ClientTls,
  signal?: AbortSignal,
): Promise<readonly ClusterMember[]> {
  const client = new ClusterClient(ticket.endpoints, tls)
  try {
    const { clusterId, members } = await client.members(signal).catch(async (error: unknown) => {
      signal?.throwIfAborted()
      throw (await diagnose(ticket.endpoints, tls)) ?? error
    })
    if (clusterId !== ticket.clusterId) {
      throw new ConclaveError('not-a-store', 'another cluster than the one that issued this ticket answers there', {
        hint: 'It was restored or founded anew: ask for a new ticket.',
      })
    }
    return members
  } finally {
    client.close()
  }
}

function chooseName(settings: NodeSettings, options: NodeOptions, members: readonly ClusterMember[]): string {
  if (members.length >= votersMax) {
    throw new ConclaveError('not-allowed', `the cluster has ${members.length} nodes: more make it slower, not safer`, {
      hint: 'Connect this machine as a client: `conclave node invite --client NAME` there, `conclave connect TICKET` here.',
    })
  }
  const own = peerUrlOf(settings)
  const there = members.find(({ peerUrls }) => peerUrls.includes(own))
  if (there !== undefined) {
    throw new ConclaveError('usage', `the node ${there.name || there.id} is already at ${own}`, {
      hint: `Choose another address or port (--advertise, --peer-port); or, if that node is gone: \`conclave node remove ${there.name || there.id}\`.`,
    })
  }
  const taken = new Set(members.map(({ name }) => name))
  if (options.name !== undefined && taken.has(options.name)) {
    throw new ConclaveError('name-taken', `the cluster has a node called ${options.name}`, {
      hint: 'Choose another: --name NAME.',
    })
  }
  return freeName(settings.name, taken)
}

/** Finds itself in the list when an attempt before was killed between the change and its record. */
async function addMember(client: ClusterClient, settings: NodeSettings, signal?: AbortSignal): Promise<string> {
  const own = peerUrlOf(settings)
  const { members } = await client.members(signal)
  const present = members.find(({ peerUrls }) => peerUrls.includes(own))
  if (present === undefined) return client.addLearner(own, signal)
  if (present.name === '' && present.learner) return present.id
  throw new ConclaveError('usage', `the node ${present.name} is already at ${own}`, {
    hint: `Choose another address or port (--advertise, --peer-port) and join anew; or, if that node is gone: \`conclave node remove ${present.name}\`.`,
  })
}

async function promoteMember(client: ClusterClient, id: string, signal?: AbortSignal): Promise<void> {
  const { members } = await client.members(signal)
  const self = members.find((member) => member.id === id)
  if (self === undefined) {
    throw new ConclaveError('closed', 'this node was removed from its cluster', {
      hint: 'Move its folder away and join with a new ticket.',
    })
  }
  if (self.learner) await client.promote(id, signal)
}

async function record(paths: NodePaths, state: NodeState): Promise<NodeState> {
  await writeState(paths, state)
  return state
}
