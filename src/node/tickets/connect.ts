/** Connects a home to a cluster with a person's ticket. Interrupted at any step, it can be repeated. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import { writeClient, type ClientTls } from '../certificates/credentials.ts'
import { withClusterClient, type MemberList } from '../cluster/cluster-client.ts'
import { isTransient } from '../cluster/cluster-errors.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { diagnose } from '../health/diagnose.ts'
import { nodePaths } from '../home/paths.ts'
import { readJson, writeJson } from '../home/private-file.ts'
import { etcdId, readState } from '../home/state.ts'
import { privateKeyOf } from './ticket-code.ts'
import { claimTicket, finishTicket, issuedTicket } from './ticket-record.ts'
import { checkExpiry, type PersonTicket, type Ticket } from './ticket.ts'

const connectionSchema = z.strictObject({
  version: z.literal(1),
  clusterId: etcdId,
  name: z.string(),
  /** The ticket used, our claim on it, and whether the connection is complete. */
  ticket: z.strictObject({ id: z.string(), claim: z.string(), done: z.boolean() }),
})

export interface Connected {
  readonly name: string
  /** host:port of the cluster's nodes. */
  readonly endpoints: readonly string[]
}

/** @throws not-a-store when the home belongs to another cluster; not-allowed when the ticket was used or has expired */
export async function connectHome(
  home: string,
  ticket: PersonTicket,
  openStore: OpenStore,
  signal?: AbortSignal,
): Promise<Connected> {
  const file = join(home, 'tls', 'connection.json')
  const present = await readJson(file, connectionSchema, 'Move it away and use a new ticket.')
  const node = await readState(nodePaths(home))
  const other = present?.clusterId ?? node?.clusterId
  if (other !== undefined && other !== ticket.clusterId) {
    throw new ConclaveError('not-a-store', 'this ticket is for another cluster than this home belongs to', {
      hint: 'A home belongs to one cluster: use another one with --home DIR.',
    })
  }
  if (node !== undefined) {
    throw new ConclaveError('usage', 'this home runs a node of the cluster, so it is already connected', {
      hint: 'Other people on this machine need no ticket: conclave signup NAME.',
    })
  }
  const connected: Connected = { name: ticket.name, endpoints: ticket.endpoints }
  const resumed = present?.ticket.id === ticket.id ? present.ticket : undefined
  if (resumed?.done === true) return connected
  if (resumed === undefined) checkExpiry(ticket)

  const pem = (der: Uint8Array): string => new X509Certificate(der).toString()
  const tls: ClientTls = {
    authority: pem(ticket.authority),
    certificate: pem(ticket.certificate),
    key: privateKeyOf(ticket.certificate, ticket.scalar),
  }
  await requireCluster(ticket, tls, 'knownMembers', signal)
  const claim = resumed?.claim ?? randomBytes(16).toString('hex')
  const record = async (done: boolean): Promise<void> => {
    const { clusterId, name, id } = ticket
    await writeJson(file, connectionSchema.parse({ version: 1, clusterId, name, ticket: { id, claim, done } }))
  }
  await withStore(openStore, ticket.endpoints, tls, async (store) => {
    await record(false)
    try {
      await claimTicket(store, issuedTicket(ticket), claim, Date.now(), signal)
    } catch (error) {
      // A permanent refusal leaves the home as it was. After any other failure the claim may stand, so it is kept.
      if (!isTransient(error)) await (present === undefined ? rm(file) : writeJson(file, present))
      throw error
    }
    await writeClient(nodePaths(home).client, tls)
    await record(true)
    await finishTicket(store, ticket, claim, signal)
  })
  return connected
}

/** The members of the ticket's cluster. @throws the reason when it can't be reached; not-a-store for another cluster */
export async function requireCluster(
  { endpoints, clusterId }: Ticket,
  tls: ClientTls,
  how: 'members' | 'knownMembers',
  signal?: AbortSignal,
): Promise<MemberList> {
  const found = await withClusterClient(endpoints, tls, (client) => client[how](signal)).catch(
    async (error: unknown) => {
      signal?.throwIfAborted()
      throw (await diagnose(endpoints, tls)) ?? error
    },
  )
  if (found.clusterId === clusterId) return found
  throw new ConclaveError('not-a-store', 'another cluster than the one that issued this ticket answers there', {
    hint: 'It was restored or created anew: ask for a new ticket.',
  })
}
