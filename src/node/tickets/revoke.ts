/** Revokes a person's access: their open tickets first, so that none of them grants it again, then their certificates. */
import { ConclaveError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { listPeople } from '../access/access-control.ts'
import { recordRevoked, revokeCertificates } from '../access/revocations.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { closeTicket } from './serve-enrolments.ts'
import { listTickets, withdrawTicket } from './ticket-record.ts'

/** @returns how many certificates were revoked. @throws no-such-user when there is no certificate and no ticket */
export async function revokePerson(
  client: ClusterClient,
  store: Store,
  name: string,
  now = Date.now(),
  signal?: AbortSignal,
): Promise<number> {
  let tickets = 0
  for await (const { id, record } of listTickets(store, signal)) {
    if (record?.kind !== 'person' || record.name !== name) continue
    tickets += 1
    const serial = await withdrawTicket(store, id, signal)
    // A node may be answering its machine right now.
    if (serial !== '') await recordRevoked(store, serial, name, now, signal)
    await closeTicket({ store, client, signal }, id)
  }
  const people = await listPeople(client, signal)
  const revoked = await revokeCertificates(client, store, name, now, signal)
  if (revoked === 0 && tickets === 0) throw noCertificate(name, people)
  return revoked
}

function noCertificate(name: string, people: readonly { readonly name: string }[]): ConclaveError {
  const known = [...new Set(people.map((person) => person.name))].sort()
  const shown = known.length > 20 ? [...known.slice(0, 20), '…'] : known
  return new ConclaveError('no-such-user', `No certificate of this cluster is for ${name}`, {
    hint:
      known.length === 0
        ? 'No one was invited with --client. To remove someone who runs a node: `conclave node remove`.'
        : `There are certificates for: ${shown.join(', ')}.`,
  })
}
