/**
 * A running node certifies keys: of machines with a ticket, once, and of people whose certificate is about to expire. It
 * also withdraws what has expired: tickets, their users, and people's. All nodes do so at once; every step is idempotent.
 */
import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bytes } from '../../base/bytes.ts'
import type { Entry, Operation, Store } from '../../store/store.ts'
import {
  closeTicketUser,
  grantAccess,
  listPeople,
  listTicketUsers,
  listUsers,
  revokeAccess,
} from '../access/access-control.ts'
import { forgetExpired, isRevoked, recordRevoked } from '../access/revocations.ts'
import { certifyPerson, type Identity } from '../certificates/authority.ts'
import { readAuthority } from '../certificates/credentials.ts'
import { expiryOf, newPersonSerial, personOf, renewedSerial } from '../certificates/serials.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { withRenewedStore, type OpenStore } from '../cluster/open-store.ts'
import type { NodePaths } from '../home/paths.ts'
import {
  answerKey,
  answersRange,
  askerOf,
  asksRange,
  claimOf,
  decodeAsk,
  decodeRenewal,
  encodeAnswer,
  type Answer,
} from './enrolment.ts'
import { readPublicKey, scalarOf, sealFor } from './private-key.ts'
import { claimTicket, deleteTicket, readTicket, sweepTickets, TicketRefused } from './ticket-record.ts'

export interface EnrolmentService {
  readonly paths: NodePaths
  readonly endpoints: readonly string[]
  readonly openStore: OpenStore
  /** Our own etcd. */
  readonly local: ClusterClient
  readonly signal: AbortSignal
  /** How often the node's certificate is read again. */
  readonly periodMs?: number | undefined
}

export interface Certifier {
  readonly store: Store
  readonly client: ClusterClient
  readonly authority: Identity
  readonly signal?: AbortSignal | undefined
}

/** Others may write large questions. */
const asksAtOnce = 8
const answersAtOnce = 256
const retryMs = 1000
const sweepPeriodMs = 3_600_000
/** Nobody renews earlier: a certificate has at most one successor before that. */
const renewableMs = 45 * 86_400_000

/** Runs until aborted; never rejects. */
export async function serveEnrolments(service: EnrolmentService): Promise<void> {
  const { paths, endpoints, openStore, local } = service
  try {
    const authority = await readAuthority(paths)
    await withRenewedStore(openStore, endpoints, paths.client, service, async (store, signal) => {
      const certifier = { store, client: local, authority, signal }
      await Promise.all([answerAll(certifier, signal), sweepRegularly(certifier, signal)])
    })
  } catch {
    // Only when it is aborted, or the files of this node can't be read: it then fails elsewhere too.
  }
}

async function answerAll(certifier: Certifier, signal: AbortSignal): Promise<void> {
  const { store } = certifier
  while (!signal.aborted) {
    try {
      const { revision, entries } = await store.range(asksRange.start, asksRange.end, { limit: asksAtOnce }, signal)
      for (const entry of entries) await answerAsk(certifier, entry)
      if (entries.length > 0) continue
      for await (const { events } of store.watch(asksRange.start, asksRange.end, { from: revision + 1, signal })) {
        // Answered although others may have deleted it meanwhile.
        for (const event of events) if (event.kind === 'put') await answerAsk(certifier, event.entry)
      }
    } catch {
      // The cluster is unreachable, or its access control was changed at the same time.
      await sleep(retryMs, undefined, { signal }).catch(() => {})
    }
  }
}

async function sweepRegularly(certifier: Certifier, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await sweep(certifier).then(
      () => sweepPeriodMs,
      () => retryMs * 10,
    )
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
}

/** Answers one question and deletes it. @throws when the cluster fails */
export async function answerAsk(certifier: Certifier, entry: Entry, now = Date.now()): Promise<void> {
  const { store, signal } = certifier
  const asker = askerOf(entry.key)
  const answer =
    asker === undefined
      ? undefined
      : 'ticket' in asker
        ? await answerTicket(certifier, asker.ticket, entry.value, now)
        : await answerRenewal(certifier, asker.person, entry.value, now)
  const answering: Operation[] =
    asker === undefined || answer === undefined
      ? []
      : [{ kind: 'put', key: answerKey(asker), value: encodeAnswer(answer) }]
  await store.commit(
    {
      // The machine may have asked again.
      if: [{ kind: 'revision', key: entry.key, modRevision: entry.modRevision }],
      then: [{ kind: 'delete', key: entry.key }, ...answering],
      else: answering,
    },
    signal,
  )
}

/** Undefined when the question deserves no answer. */
async function answerTicket(certifier: Certifier, id: string, value: Bytes, now: number): Promise<Answer | undefined> {
  const { store, authority, signal } = certifier
  const record = await readTicket(store, id, signal)
  const ask = record && decodeAsk(id, value, new X509Certificate(record.certificate).publicKey)
  if (record === undefined || ask === undefined || readPublicKey(ask.publicKey) === undefined) return undefined
  const claim = claimOf(ask.publicKey)
  if (ask.what === 'done') {
    if (record.claim === claim) await closeTicket(certifier, id)
    return undefined
  }
  const answer = { claim, certificate: null, sealedKey: null, refusal: null }
  let claimed
  try {
    claimed = await claimTicket(store, id, { digest: ask.digest, claim, serial: newPersonSerial(now) }, now, signal)
  } catch (error) {
    if (error instanceof TicketRefused) return { ...answer, refusal: error.reason }
    throw error
  }
  if (claimed.kind === 'node') return { ...answer, sealedKey: sealFor(ask.publicKey, scalarOf(authority.key)) }
  const user = `${claimed.name}.${claimed.serial}`
  if (!(await grantUnlessRevoked(certifier, user, claimed.serial))) return undefined
  return { ...answer, certificate: derOf(await certifyPerson(authority, user, ask.publicKey, now)) }
}

/** For the same key, if its certificate is valid, not revoked, and about to expire. */
async function answerRenewal(
  certifier: Certifier,
  serial: string,
  value: Bytes,
  now: number,
): Promise<Answer | undefined> {
  const { client, authority, signal } = certifier
  const issuer = new X509Certificate(authority.certificate)
  const der = decodeRenewal(value, (certificate) => {
    const read = readIssued(certificate, issuer)
    return read?.serialNumber.toLowerCase() === serial ? read.publicKey : undefined
  })
  if (der === undefined) return undefined
  const certificate = new X509Certificate(der)
  const user = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
  const person = personOf(user)
  if (person === undefined || person.expires <= now || person.expires > now + renewableMs) return undefined
  if (!(await isPerson(client, user, signal))) return undefined
  const renewed = `${person.name}.${renewedSerial(serial)}`
  if (!(await grantUnlessRevoked(certifier, renewed, serial))) return undefined
  const publicKey = new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }))
  const next = derOf(await certifyPerson(authority, renewed, publicKey, now))
  return { claim: claimOf(publicKey), certificate: next, sealedKey: null, refusal: null }
}

/**
 * That the ticket or the former certificate is gone says nothing: another node may have answered first, and the machine
 * has what it asked for.
 *
 * @param serial of the person's certificate by whose right access is granted
 * @returns whether it was granted
 */
async function grantUnlessRevoked(
  { store, client, signal }: Certifier,
  user: string,
  serial: string,
): Promise<boolean> {
  await grantAccess(client, user, signal)
  // Afterwards: `node revoke` records it first, and deletes users then.
  if (!(await isRevoked(store, serial, signal))) return true
  await revokeAccess(client, user, signal)
  return false
}

/** Nothing is left of a ticket, and its certificate can't connect any more. Idempotent. */
export async function closeTicket({ store, client, signal }: Omit<Certifier, 'authority'>, id: string): Promise<void> {
  const record = await readTicket(store, id, signal)
  if (record !== undefined) {
    const serial = new X509Certificate(record.certificate).serialNumber.toLowerCase()
    await recordRevoked(store, serial, '', Date.now(), signal)
  }
  await closeTicketUser(client, id, signal)
  await store.commit({ then: [{ kind: 'delete', key: answerKey({ ticket: id }) }] }, signal)
  await deleteTicket(store, id, signal)
}

/** Withdraws what has expired. */
export async function sweep(certifier: Certifier, now = Date.now()): Promise<void> {
  const { store, client, signal } = certifier
  // Before the tickets: what belongs to a ticket that is issued meanwhile is not seen, and so not deleted.
  const users = await listUsers(client, signal)
  const answers = await listAnswers(store, signal)
  const open = await sweepTickets(store, now, signal)
  for (const id of listTicketUsers(users)) if (!open.has(id)) await closeTicketUser(client, id, signal)
  for (const user of users) {
    if ((personOf(user)?.expires ?? Infinity) <= now) await revokeAccess(client, user, signal)
  }
  for (const key of answers) {
    const asker = askerOf(key)
    const wanted =
      asker !== undefined && ('ticket' in asker ? open.has(asker.ticket) : (expiryOf(asker.person) ?? 0) > now)
    if (!wanted) await store.commit({ then: [{ kind: 'delete', key }] }, signal)
  }
  await forgetExpired(store, now, signal)
}

async function listAnswers(store: Store, signal?: AbortSignal): Promise<readonly Bytes[]> {
  const keys: Bytes[] = []
  for (let start = answersRange.start, more = true; more;) {
    const page = await store.range(start, answersRange.end, { limit: answersAtOnce, keysOnly: true }, signal)
    keys.push(...page.entries.map(({ key }) => key))
    more = page.more
    const last = keys.at(-1)
    if (last !== undefined) start = Uint8Array.of(...last, 0)
  }
  return keys
}

async function isPerson(client: ClusterClient, user: string, signal?: AbortSignal): Promise<boolean> {
  return (await listPeople(client, signal)).some((person) => person.user === user)
}

function readIssued(der: Bytes, issuer: X509Certificate): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey) ? certificate : undefined
  } catch {
    return undefined
  }
}

function derOf(pem: string): Bytes {
  return new Uint8Array(new X509Certificate(pem).raw)
}
