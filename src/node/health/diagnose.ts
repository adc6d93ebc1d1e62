/** Explains why none of a cluster's endpoints can be used. */
import { X509Certificate } from 'node:crypto'
import { ConclaveError } from '../../base/errors.ts'
import { probe, type Probe } from '../../store/etcd/probe.ts'
import type { ClientTls } from '../certificates/credentials.ts'

/**
 * Probes all endpoints in parallel.
 *
 * @param revoked what to say instead when a valid certificate is rejected
 * @returns the most telling failure; undefined when one endpoint works
 */
export async function diagnose(
  endpoints: readonly string[],
  tls: ClientTls,
  revoked?: ConclaveError,
): Promise<ConclaveError | undefined> {
  const own = { ca: tls.authority, cert: tls.certificate, key: tls.key }
  const probes = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint, outcome: await probe(endpoint, own) })),
  )
  if (probes.some(({ outcome }) => outcome === 'ok')) return undefined
  for (const outcome of byWeight) {
    const found = probes.find((one) => one.outcome === outcome)
    if (found !== undefined) return errorOf(outcome, found.endpoint, tls, revoked)
  }
  return undefined
}

type Failure = Exclude<Probe, 'ok'>

/** Most telling first: one server that rejects us says more than another that is down. */
const byWeight: readonly Failure[] = [
  'other-authority',
  'server-expired',
  'server-not-yet-valid',
  'we-are-refused',
  'other-name',
  'not-tls',
  'refused',
  'silent',
  'no-such-host',
]

function errorOf(outcome: Failure, endpoint: string, tls: ClientTls, revoked?: ConclaveError): ConclaveError {
  const newTicket = 'Ask for a new ticket on one of its nodes.'
  const refused = (message: string, hint: string): ConclaveError => new ConclaveError('not-allowed', message, { hint })
  const unreachable = (message: string): ConclaveError =>
    new ConclaveError('unavailable', message, {
      hint: 'Check that the node is running (`conclave node start`) and that this machine can reach it over the network.',
      retryable: true,
    })
  switch (outcome) {
    case 'other-authority':
      return refused(
        `${endpoint} belongs to another cluster: its certificate is from another authority`,
        `If the cluster was recreated: ${newTicket}`,
      )
    case 'server-expired':
      return refused(
        `The certificate of the node at ${endpoint} has expired`,
        'Restart that node (`conclave node stop`, `conclave node start`): it renews its certificate.',
      )
    case 'server-not-yet-valid':
      return refused(
        `The certificate of the node at ${endpoint} is not valid yet`,
        'Compare the clocks of the two machines.',
      )
    case 'we-are-refused': {
      const expired = Date.parse(new X509Certificate(tls.certificate).validTo) < Date.now()
      if (!expired && revoked !== undefined) return revoked
      const why = expired ? 'it has expired' : 'it was revoked, belongs to another cluster, or the clocks differ'
      return refused(`The node at ${endpoint} rejects our certificate: ${why}`, newTicket)
    }
    case 'other-name':
      return refused(
        `The certificate of the node at ${endpoint} is for another address`,
        'Use the address it advertises: `conclave node status` on that machine shows it.',
      )
    case 'not-tls':
      return new ConclaveError('not-a-store', `${endpoint} is not a Conclave node`, {
        hint: 'Check the port; a system-wide etcd may be listening there.',
      })
    case 'refused':
      return unreachable(`Nothing listens at ${endpoint}`)
    case 'silent':
      return unreachable(`${endpoint} does not answer`)
    case 'no-such-host':
      return unreachable(`Unknown host ${endpoint.replace(/:\d+$/, '')}`)
  }
}
