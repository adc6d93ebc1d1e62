/**
 * A ticket's life in the store, under tickets/<id>: issued, claimed by one machine, gone. So it is used once.
 *
 * The claim comes before anything else changes in the cluster and names a secret of the machine that makes it: killed
 * anywhere, that machine finds its own claim again, and every other one is refused.
 */
import { prefixEnd, utf8, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Entry, Store } from '../../store/store.ts'
import { invitation, ticketDigest, type Ticket } from './ticket.ts'

export type IssuedTicket = Pick<Ticket, 'kind' | 'id' | 'expires'> & {
  /** SHA-256 of the ticket's payload: what was issued, and not what somebody made of it. */
  readonly digest: string
}

interface TicketRecord {
  readonly digest: string
  readonly expires: number
  /** '' until a machine has claimed it. */
  readonly claim: string
}

/** More tickets than this can't be open at once. */
const openTicketsMax = 1000

export function issuedTicket(ticket: Ticket): IssuedTicket {
  return { kind: ticket.kind, id: ticket.id, expires: ticket.expires, digest: ticketDigest(ticket) }
}

/** Writes the ticket down as issued, and forgets expired ones. */
export async function recordTicket(
  store: Store,
  ticket: IssuedTicket,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<void> {
  await forgetExpired(store, now, signal)
  const key = keyOf(ticket.id)
  const value = valueOf({ digest: ticket.digest, expires: ticket.expires, claim: '' })
  await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
  // What counts is what stands there now: the write may have been answered late.
  const record = await readTicket(store, ticket.id, signal)
  if (record?.digest !== ticket.digest) throw new ConclaveError('unexpected', 'the ticket was not recorded')
}

/**
 * Makes the ticket this machine's own. Again by the same machine: nothing happens.
 * @param claim a secret of this machine, the same when it tries again
 * @throws not-allowed when it was used elsewhere, withdrawn or has expired; tampering when another content was issued
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
    if (record === undefined)
      throw used(ticket, 'this ticket has been used already, or was never issued by this cluster')
    if (record.digest !== ticket.digest) {
      throw new ConclaveError('tampering', 'this ticket is not as it was issued', {
        hint: `Somebody changed it on its way. Ask for a new one, over a way that you trust: \`${invitation(ticket.kind)}\`.`,
      })
    }
    if (record.claim === claim) return
    if (record.claim !== '') throw used(ticket, 'this ticket has been used already, on another machine')
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

/** Deletes the ticket that this machine claimed. Again: nothing happens. */
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
  return entry === undefined ? undefined : recordOf(entry)
}

async function forgetExpired(store: Store, now: number, signal?: AbortSignal): Promise<void> {
  const start = utf8('tickets/')
  const { entries, more } = await store.range(start, prefixEnd(start), { limit: openTicketsMax }, signal)
  for (const entry of entries) {
    const { key, modRevision } = entry
    if (expired(entry, now)) {
      await store.commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] }, signal)
    }
  }
  if (more) throw new ConclaveError('not-allowed', `there are more than ${openTicketsMax} open tickets`)
}

/**
 * A claimed one is kept a day longer: its machine may still be joining. What is no record of a ticket goes at once:
 * whoever may write into the store could else keep everybody from being invited.
 */
function expired({ value }: Entry, now: number): boolean {
  const record = readRecord(value)
  return record === undefined || now >= record.expires + (record.claim === '' ? 0 : 86_400_000)
}

function keyOf(id: string): Bytes {
  return utf8(`tickets/${id}`)
}

function valueOf({ digest, expires, claim }: TicketRecord): Bytes {
  return encode([digest, expires, claim])
}

function recordOf({ value }: Entry): TicketRecord {
  const record = readRecord(value)
  if (record !== undefined) return record
  throw new ConclaveError('tampering', "this ticket's record in the store is damaged", {
    hint: 'Somebody changed it there. Ask for a new ticket.',
  })
}

/** undefined for what is no record of a ticket. */
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
    hint: `Ask for a new one: \`${invitation(ticket.kind)}\` on a node.`,
  })
}
