/**
 * A ticket's record in the store, under tickets/ID: issued, claimed for one key, deleted. This makes it single-use.
 *
 * Only nodes can write there. A claim names the key that is certified, so that its machine can ask again after a crash;
 * every other machine is refused. Records are bounded in number, and expire: issuing never depends on them.
 */
import { prefixEnd, textOf, utf8, type Bytes } from '../../base/bytes.ts'
import { encode, Fields, FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { inviteCommand, ticketDigest, type Ticket } from './ticket.ts'

export type IssuedTicket = Pick<Ticket, 'kind' | 'id' | 'expires' | 'certificate'> & {
  /** The person's; '' for a node. */
  readonly name: string
  /** SHA-256 of the payload as issued. */
  readonly digest: string
}

export interface TicketRecord extends Omit<IssuedTicket, 'id'> {
  /** '' until claimed. */
  readonly claim: string
  /** Of the person's certificate, once claimed. */
  readonly serial: string
}

/** More open tickets than these: those that would expire first are withdrawn. */
export const openTicketsMax = 1000
const pageKeys = 256
/** A claimed ticket is kept this much longer, since its machine may still be enrolling. */
const claimedMs = 86_400_000
/** A claim that is no machine's. */
const withdrawn = 'withdrawn'
const range = { start: utf8('tickets/'), end: prefixEnd(utf8('tickets/')) }

export function issuedTicket(ticket: Ticket): IssuedTicket {
  const { kind, id, expires, certificate } = ticket
  return { kind, id, expires, certificate, name: kind === 'person' ? ticket.name : '', digest: ticketDigest(ticket) }
}

/** Records the ticket as issued. */
export async function recordTicket(store: Store, ticket: IssuedTicket, signal?: AbortSignal): Promise<void> {
  const key = keyOf(ticket.id)
  const value = valueOf({ ...ticket, claim: '', serial: '' })
  await store.commit({ if: [{ kind: 'revision', key, modRevision: 0 }], then: [{ kind: 'put', key, value }] }, signal)
  // The write may have taken effect although it failed.
  const record = await readTicket(store, ticket.id, signal)
  if (record?.digest !== ticket.digest) throw new ConclaveError('unexpected', 'The ticket was not recorded')
}

export interface Claim {
  readonly digest: string
  /** The hash of the key to be certified. */
  readonly claim: string
  /** For the certificate, unless an earlier claim has chosen one. */
  readonly serial: string
}

/**
 * Claims the ticket for a key; idempotent.
 *
 * @throws not-allowed when it was used, withdrawn or has expired; tampering when it differs from what was issued
 */
export async function claimTicket(
  store: Store,
  id: string,
  { digest, claim, serial }: Claim,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<TicketRecord> {
  const key = keyOf(id)
  for (;;) {
    const record = await readTicket(store, id, signal)
    if (record === undefined) throw ticketRefusal('gone')
    if (record.digest !== digest) throw ticketRefusal('altered', record.kind)
    if (record.claim === claim) return record
    if (record.claim !== '') throw ticketRefusal('used', record.kind)
    if (now >= record.expires) throw ticketRefusal('expired', record.kind)
    const claimed = { ...record, claim, serial }
    const then = [{ kind: 'put', key, value: valueOf(claimed) }] as const
    const { ok } = await store.commit({ if: [{ kind: 'value', key, value: valueOf(record) }], then }, signal)
    if (ok) return claimed
  }
}

/** No machine can claim it any more. @returns the serial number of the certificate for a claim made before; or '' */
export async function withdrawTicket(store: Store, id: string, signal?: AbortSignal): Promise<string> {
  const key = keyOf(id)
  for (;;) {
    const record = await readTicket(store, id, signal)
    if (record === undefined || record.claim === withdrawn) return record?.serial ?? ''
    const then = [{ kind: 'put', key, value: valueOf({ ...record, claim: withdrawn }) }] as const
    const { ok } = await store.commit({ if: [{ kind: 'value', key, value: valueOf(record) }], then }, signal)
    if (ok) return record.serial
  }
}

export async function deleteTicket(store: Store, id: string, signal?: AbortSignal): Promise<void> {
  await store.commit({ then: [{ kind: 'delete', key: keyOf(id) }] }, signal)
}

/** Undefined when there is none, or an invalid one. */
export async function readTicket(store: Store, id: string, signal?: AbortSignal): Promise<TicketRecord | undefined> {
  const { reads } = await store.commit({ then: [{ kind: 'read', key: keyOf(id) }] }, signal)
  const entry = reads[0]?.[0]
  return entry && readRecord(entry.value)
}

/** Undefined: an invalid record. */
export async function* listTickets(
  store: Store,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly id: string; readonly record: TicketRecord | undefined }> {
  for (let start = range.start, more = true; more;) {
    const page = await store.range(start, range.end, { limit: pageKeys }, signal)
    for (const { key, value } of page.entries) {
      yield { id: textOf(key).slice('tickets/'.length), record: readRecord(value) }
      start = Uint8Array.of(...key, 0)
    }
    more = page.more
  }
}

/** Deletes expired and invalid records, and keeps the rest within bounds. @returns the ids of those that remain */
export async function sweepTickets(store: Store, now = Date.now(), signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const open: { readonly id: string; readonly until: number }[] = []
  for await (const { id, record } of listTickets(store, signal)) {
    const until = record === undefined ? 0 : record.expires + (record.claim === '' ? 0 : claimedMs)
    if (now >= until) await deleteTicket(store, id, signal)
    else open.push({ id, until })
  }
  open.sort((a, b) => b.until - a.until)
  for (const { id } of open.splice(openTicketsMax)) await deleteTicket(store, id, signal)
  return new Set(open.map(({ id }) => id))
}

const refusals = {
  gone: 'This ticket was already used, was withdrawn, or was never issued by this cluster',
  used: 'This ticket was already used on another machine',
  expired: 'This ticket has expired',
  altered: 'This ticket differs from the one that was issued',
} as const
export type TicketRefusal = keyof typeof refusals

export function isTicketRefusal(reason: string): reason is TicketRefusal {
  return Object.hasOwn(refusals, reason)
}

export class TicketRefused extends ConclaveError {
  readonly reason: TicketRefusal

  constructor(reason: TicketRefusal, hint: string) {
    super(reason === 'altered' ? 'tampering' : 'not-allowed', refusals[reason], { hint })
    this.reason = reason
  }
}

export function ticketRefusal(reason: TicketRefusal, kind?: Ticket['kind']): TicketRefused {
  const command = kind === undefined ? 'conclave node invite' : inviteCommand(kind)
  return new TicketRefused(
    reason,
    reason === 'altered'
      ? `It was tampered with in transit. Ask for a new one over a channel you trust: \`${command}\`.`
      : `Ask for a new one: \`${command}\` on a node.`,
  )
}

function keyOf(id: string): Bytes {
  return utf8(`tickets/${id}`)
}

function valueOf({ kind, name, certificate, digest, expires, claim, serial }: TicketRecord): Bytes {
  return encode([kind, name, certificate, digest, expires, claim, serial])
}

/** Undefined for an invalid record. */
function readRecord(value: Bytes): TicketRecord | undefined {
  try {
    const fields = Fields.decode(value, 7)
    const kind = fields.text(8)
    if (kind !== 'node' && kind !== 'person') return undefined
    return {
      kind,
      name: fields.text(32),
      certificate: fields.bytes(2048),
      digest: fields.text(64),
      expires: fields.unsigned(),
      claim: fields.text(64),
      serial: fields.text(26),
    }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
