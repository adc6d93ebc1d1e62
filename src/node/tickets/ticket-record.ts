/**
 * A ticket's record in the store, under tickets/ID: issued, claimed by one machine, deleted. This makes it single-use.
 *
 * The claim precedes every other change in the cluster and contains a secret of the claiming machine, which recognizes
 * its own claim after a crash. Every other machine is refused.
 */
import { prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { inviteCommand, ticketDigest, type Ticket } from './ticket.ts'

export type IssuedTicket = Pick<Ticket, 'kind' | 'id' | 'expires'> & {
  /** SHA-256 of the payload as issued. */
  readonly digest: string
}

interface TicketRecord {
  readonly digest: string
  readonly expires: number
  /** '' until claimed. */
  readonly claim: string
}

const openTicketsMax = 1000

export function issuedTicket(ticket: Ticket): IssuedTicket {
  return { kind: ticket.kind, id: ticket.id, expires: ticket.expires, digest: ticketDigest(ticket) }
}

/** Records the ticket as issued, and deletes expired ones. */
export async function recordTicket(
  store: Store,
  ticket: IssuedTicket,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<void> {
  await deleteExpired(store, now, signal)
  const key = keyOf(ticket.id)
  const value = valueOf({ digest: ticket.digest, expires: ticket.expires, claim: '' })
  await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
  // The write may have taken effect although it failed.
  const record = await readTicket(store, ticket.id, signal)
  if (record?.digest !== ticket.digest) throw new ConclaveError('unexpected', 'the ticket was not recorded')
}

/**
 * Claims the ticket for this machine; idempotent.
 *
 * @param claim a secret of this machine, the same for each attempt
 * @throws not-allowed when it was used, withdrawn or has expired; tampering when it differs from what was issued
 */
export async function claimTicket(
  store: Store,
  ticket: IssuedTicket,
  claim: string,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<void> {
  const key = keyOf(ticket.id)
  for (;;) {
    const record = await readTicket(store, ticket.id, signal)
    if (record === undefined) throw used(ticket, 'this ticket was already used, or never issued by this cluster')
    if (record.digest !== ticket.digest) {
      throw new ConclaveError('tampering', 'this ticket differs from the one that was issued', {
        hint: `It was tampered with in transit. Ask for a new one over a channel you trust: \`${inviteCommand(ticket.kind)}\`.`,
      })
    }
    if (record.claim === claim) return
    if (record.claim !== '') throw used(ticket, 'this ticket was already used on another machine')
    if (now >= record.expires) throw used(ticket, 'this ticket has expired')
    const { ok } = await store.commit(
      {
        if: [{ kind: 'value', key, value: valueOf(record) }],
        then: [{ kind: 'put', key, value: valueOf({ ...record, claim }) }],
      },
      signal,
    )
    if (ok) return
  }
}

/** Deletes the ticket this machine claimed; idempotent. */
export async function finishTicket(
  store: Store,
  ticket: Pick<IssuedTicket, 'id'>,
  claim: string,
  signal?: AbortSignal,
): Promise<void> {
  const key = keyOf(ticket.id)
  const record = await readTicket(store, ticket.id, signal)
  if (record?.claim !== claim) return
  await store.commit({ if: [{ kind: 'value', key, value: valueOf(record) }], then: [{ kind: 'delete', key }] }, signal)
}

async function readTicket(store: Store, id: string, signal?: AbortSignal): Promise<TicketRecord | undefined> {
  const key = keyOf(id)
  const { reads } = await store.commit({ then: [{ kind: 'read', key }] }, signal)
  const entry = reads[0]?.[0]
  const record = entry && readRecord(entry.value)
  if (entry === undefined || record !== undefined) return record
  throw new ConclaveError('tampering', "this ticket's record in the store is damaged", {
    hint: 'It was tampered with. Ask for a new ticket.',
  })
}

async function deleteExpired(store: Store, now: number, signal?: AbortSignal): Promise<void> {
  const start = utf8('tickets/')
  const { entries, more } = await store.range(start, prefixEnd(start), { limit: openTicketsMax }, signal)
  for (const { key, value, modRevision } of entries) {
    if (!isExpired(value, now)) continue
    await store.commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] }, signal)
  }
  if (more) throw new ConclaveError('not-allowed', `there are more than ${openTicketsMax} open tickets`)
}

/**
 * A claimed ticket is kept a day longer, since its machine may still be joining. An invalid record is deleted at once, or
 * anyone who can write to the store could block invitations.
 */
function isExpired(value: Bytes, now: number): boolean {
  const record = readRecord(value)
  return record === undefined || now >= record.expires + (record.claim === '' ? 0 : 86_400_000)
}

function keyOf(id: string): Bytes {
  return utf8(`tickets/${id}`)
}

function valueOf({ digest, expires, claim }: TicketRecord): Bytes {
  return encode([digest, expires, claim])
}

/** Undefined for an invalid record. */
function readRecord(value: Bytes): TicketRecord | undefined {
  try {
    const fields = Fields.decode(value, 3)
    return { digest: fields.text(64), expires: fields.unsigned(), claim: fields.text(64) }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function used(ticket: IssuedTicket, message: string): ConclaveError {
  return new ConclaveError('not-allowed', message, {
    hint: `Ask for a new one: \`${inviteCommand(ticket.kind)}\` on a node.`,
  })
}
