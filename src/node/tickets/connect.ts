/** Connects a home to a cluster with a person's ticket. Interrupted at any step, it can be repeated. */
import { X509Certificate } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import { newKey } from '../certificates/authority.ts'
import { checkCertificate } from '../certificates/check-certificate.ts'
import { writeClient, type ClientTls } from '../certificates/credentials.ts'
import { withClusterClient, type MemberList } from '../cluster/cluster-client.ts'
import { isTransient } from '../cluster/cluster-errors.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { diagnose } from '../health/diagnose.ts'
import { nodePaths } from '../home/paths.ts'
import { readJson, writeJson } from '../home/private-file.ts'
import { etcdId, readState } from '../home/state.ts'
import { enrol, reportEnrolled } from './enrol.ts'
import { privateKeyOf } from './private-key.ts'
import { ticketRefusal } from './ticket-record.ts'
import { checkExpiry, ticketDigest, type PersonTicket, type Ticket } from './ticket.ts'

const connectionSchema = z.strictObject({
  version: z.literal(1),
  clusterId: etcdId,
  name: z.string(),
  /** The ticket used, and the key that is being certified, PEM; null when the connection is complete. */
  ticket: z.strictObject({ id: z.string(), key: z.string().nullable() }),
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
    throw new ConclaveError('not-a-store', 'This ticket is for another cluster than this home belongs to', {
      hint: 'A home belongs to one cluster: use another one with --home DIR.',
    })
  }
  if (node !== undefined) {
    throw new ConclaveError('usage', 'This home runs a node of the cluster, so it is already connected', {
      hint: 'Other people on this machine need no ticket: conclave signup NAME.',
    })
  }
  const connected: Connected = { name: ticket.name, endpoints: ticket.endpoints }
  const resumed = present?.ticket.id === ticket.id ? present.ticket : undefined
  if (resumed?.key === null) return connected
  if (resumed === undefined) checkExpiry(ticket)

  const authority = pemOf(ticket.authority)
  const ticketKey = privateKeyOf(ticket.certificate, ticket.scalar)
  const asHolder: ClientTls = { authority, certificate: pemOf(ticket.certificate), key: ticketKey }
  await requireCluster(ticket, asHolder, 'knownMembers', signal)
  const key = resumed?.key ?? newKey()
  const enrolment = { id: ticket.id, kind: ticket.kind, digest: ticketDigest(ticket), ticketKey, key }
  const record = async (pending: string | null): Promise<void> => {
    const { clusterId, name, id } = ticket
    await writeJson(file, connectionSchema.parse({ version: 1, clusterId, name, ticket: { id, key: pending } }))
  }
  await withStore(openStore, ticket.endpoints, asHolder, async (store) => {
    await record(key)
    try {
      const { certificate } = await enrol(store, enrolment, signal)
      const tls = { authority, certificate: pemOf(certificate ?? new Uint8Array()), key }
      checkCertificate('the certificate that a node has issued', tls)
      await writeClient(nodePaths(home).client, tls)
    } catch (error) {
      // A permanent refusal leaves the home as it was. After any other failure the claim may stand, so the key is kept.
      if (!isTransient(error)) await (present === undefined ? rm(file) : writeJson(file, present))
      throw error
    }
    await record(null)
    await reportEnrolled(store, enrolment, signal)
  })
  return connected
}

function pemOf(der: Uint8Array): string {
  return new X509Certificate(der).toString()
}

/**
 * The members of the ticket's cluster.
 *
 * @param tls the ticket's own
 * @throws the reason when it can't be reached; not-allowed when the ticket was used; not-a-store for another cluster
 */
export async function requireCluster(
  { endpoints, clusterId, kind }: Ticket,
  tls: ClientTls,
  how: 'members' | 'knownMembers',
  signal?: AbortSignal,
): Promise<MemberList> {
  const found = await withClusterClient(endpoints, tls, (client) => client[how](signal)).catch(
    async (error: unknown) => {
      signal?.throwIfAborted()
      throw (await diagnose(endpoints, tls, ticketRefusal('gone', kind))) ?? error
    },
  )
  if (found.clusterId === clusterId) return found
  throw new ConclaveError('not-a-store', 'Another cluster than the one that issued this ticket answers there', {
    hint: 'It was restored or recreated: ask for a new ticket.',
  })
}
