/** A machine has its own key certified, with a ticket; later it renews the certificate. Repeatable, whatever dies. */
import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isConclaveError, ConclaveError } from '../../base/errors.ts'
import type { Bytes } from '../../base/bytes.ts'
import type { Store } from '../../store/store.ts'
import { publicKeyOf } from '../certificates/authority.ts'
import { checkCertificate, readCertificate } from '../certificates/check-certificate.ts'
import { readClient } from '../certificates/credentials.ts'
import { personOf } from '../certificates/serials.ts'
import type { ClientFiles } from '../home/paths.ts'
import { writePrivateFile } from '../home/private-file.ts'
import {
  answerKey,
  askKey,
  claimOf,
  decodeAnswer,
  encodeAsk,
  encodeRenewal,
  type Answer,
  type Asker,
} from './enrolment.ts'
import { ticketRefusal } from './ticket-record.ts'
import type { Ticket } from './ticket.ts'

const patienceMs = 30_000
/** A question that was overwritten or lost is put again. */
const askAgainMs = 5000
const pollMs = 50

export interface Enrolment {
  readonly id: string
  readonly kind: Ticket['kind']
  /** Of the ticket. */
  readonly digest: string
  /** The ticket's, PEM. */
  readonly ticketKey: string
  /** The machine's own, PEM. */
  readonly key: string
}

/**
 * @param store opened as the ticket's user
 * @throws not-allowed when the ticket was used, withdrawn or has expired; tampering when it differs from what was
 * issued; unavailable when no node answers
 */
export async function enrol(store: Store, enrolment: Enrolment, signal?: AbortSignal): Promise<Answer> {
  const { id, kind, digest, ticketKey, key } = enrolment
  const publicKey = publicKeyOf(key)
  const ask = encodeAsk(id, { what: 'enrol', digest, publicKey }, ticketKey)
  let answer
  try {
    answer = await question(store, { ticket: id }, ask, claimOf(publicKey), signal)
  } catch (error) {
    // Nodes delete a used ticket's user.
    throw isConclaveError(error, 'not-allowed') ? ticketRefusal('gone', kind) : error
  }
  if (answer.refusal !== null) throw ticketRefusal(answer.refusal, kind)
  return answer
}

/** The answer is on disk: a node may delete the ticket. Until then it is kept for this machine. */
export async function reportEnrolled(store: Store, enrolment: Enrolment, signal?: AbortSignal): Promise<void> {
  const { id, digest, ticketKey, key } = enrolment
  const value = encodeAsk(id, { what: 'done', digest, publicKey: publicKeyOf(key) }, ticketKey)
  await store.commit({ then: [{ kind: 'put', key: askKey({ ticket: id }), value }] }, signal)
}

/** Replaces a person's certificate when it is due. Their key stays. @returns the new one, PEM */
export async function renewPerson(store: Store, files: ClientFiles, signal?: AbortSignal): Promise<string | undefined> {
  const tls = await readClient(files)
  const { commonName, renewalDue } = readCertificate(tls.certificate)
  const person = personOf(commonName)
  if (person === undefined || !renewalDue) return undefined
  const asker = { person: person.serial }
  const ask = encodeRenewal(new Uint8Array(new X509Certificate(tls.certificate).raw), tls.key)
  const { certificate } = await question(store, asker, ask, claimOf(publicKeyOf(tls.key)), signal)
  if (certificate === null) return undefined
  const renewed = new X509Certificate(certificate).toString()
  checkCertificate('the renewed certificate', { ...tls, certificate: renewed })
  await writePrivateFile(files.certificate, renewed)
  return renewed
}

async function question(
  store: Store,
  asker: Asker,
  value: Bytes,
  claim: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const begun = performance.now()
  for (let askedAt = -Infinity; ;) {
    const now = performance.now()
    if (now - askedAt > askAgainMs) {
      askedAt = now
      await store.commit({ then: [{ kind: 'put', key: askKey(asker), value }] }, signal)
    }
    const { reads } = await store.commit({ then: [{ kind: 'read', key: answerKey(asker) }] }, signal)
    const found = reads[0]?.[0]
    const answer = found && decodeAnswer(found.value)
    if (answer?.claim === claim) return answer
    if (now - begun > patienceMs) {
      throw new ConclaveError('unavailable', 'No node of the cluster has answered the request for a certificate', {
        hint: 'Check that a node is running (`conclave node status` there) and try again: the ticket stays valid.',
        retryable: true,
      })
    }
    await sleep(pollMs, undefined, signal && { signal })
  }
}
