/**
 * A home becomes the client of a cluster on a person's ticket: authority, certificate and key on disk, the ticket used.
 * Killed at any step, it goes on when it is run again.
 */
import { randomBytes, X509Certificate } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConclaveError } from '../../base/errors.ts'
import { ClusterClient, type ClientTls } from '../cluster/cluster-client.ts'
import { isPassing } from '../cluster/cluster-errors.ts'
import { withStore, type OpenStore } from '../cluster/open-store.ts'
import { writeClient } from '../certificates/credentials.ts'
import { nodePaths } from '../home/paths.ts'
import { readIfThere, writePrivateFile } from '../home/private-file.ts'
import { diagnose } from '../health/diagnose.ts'
import { readState } from '../home/state.ts'
import { privateKeyOf } from './ticket-code.ts'
import { claimTicket, finishTicket, issuedTicket } from './ticket-record.ts'
import { checkExpiry, type PersonTicket } from './ticket.ts'

const connectionSchema = z.strictObject({
  version: z.literal(1),
  clusterId: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  /** The ticket that it came on, our claim on it, and whether all of it is done. */
  ticket: z.strictObject({ id: z.string(), claim: z.string(), done: z.boolean() }),
})
type Connection = z.infer<typeof connectionSchema>

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
  const present = await readConnection(file)
  const node = await readState(nodePaths(home))
  const other = present?.clusterId ?? node?.clusterId
  if (other !== undefined && other !== ticket.clusterId) {
    throw new ConclaveError('not-a-store', 'this home belongs to another cluster than the ticket is for', {
      hint: 'One home, one cluster: use another with --home DIR.',
    })
  }
  if (node !== undefined) {
    throw new ConclaveError('usage', 'this home runs a node of the cluster: it is connected already', {
      hint: 'Another person of this machine needs no ticket: conclave signup NAME.',
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
  await requireCluster(ticket, tls, signal)
  const claim = resumed?.claim ?? randomBytes(16).toString('hex')
  const connection = (done: boolean): Connection => {
    const { clusterId, name, id } = ticket
    return { version: 1, clusterId, name, ticket: { id, claim, done } }
  }
  await withStore(openStore, ticket.endpoints, tls, async (store) => {
    await writeConnection(file, connection(false))
    try {
      await claimTicket(store, issuedTicket(ticket), claim, Date.now(), signal)
    } catch (error) {
      // Refused for good: the home stays what it was. Otherwise the claim may stand, and the next attempt needs it.
      if (!isPassing(error)) await (present === undefined ? rm(file) : writeConnection(file, present))
      throw error
    }
    await writeClient(nodePaths(home).client, tls.authority, tls)
    await writeConnection(file, connection(true))
    await finishTicket(store, ticket, claim, signal)
  })
  return connected
}

async function requireCluster(ticket: PersonTicket, tls: ClientTls, signal?: AbortSignal): Promise<void> {
  const client = new ClusterClient(ticket.endpoints, tls)
  try {
    const { clusterId } = await client.knownMembers(signal).catch(async (error: unknown) => {
      signal?.throwIfAborted()
      throw (await diagnose(ticket.endpoints, tls)) ?? error
    })
    if (clusterId === ticket.clusterId) return
    throw new ConclaveError('not-a-store', 'another cluster than the one that issued this ticket answers there', {
      hint: 'It was restored or founded anew: ask for a new ticket.',
    })
  } finally {
    client.close()
  }
}

async function readConnection(file: string): Promise<Connection | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  try {
    return connectionSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new ConclaveError('not-a-store', `${file} can't be read`, {
      hint: 'Move it away and use a new ticket.',
      cause,
    })
  }
}

async function writeConnection(file: string, connection: Connection): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(connection, null, 2)}\n`)
}
