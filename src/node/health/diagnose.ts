/** Why none of a cluster's endpoints can be used, in words. */
import { X509Certificate } from 'node:crypto'
import { ConclaveError } from '../../base/errors.ts'
import { probe, type Probe } from '../../store/etcd/probe.ts'
import type { ClientTls } from '../cluster/cluster-client.ts'

/** Asks them all at once and says the worst that explains why none could be used; undefined: one could. */
export async function diagnose(endpoints: readonly string[], tls: ClientTls): Promise<ConclaveError | undefined> {
  const own = { ca: tls.authority, cert: tls.certificate, key: tls.key }
  const probes = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint, outcome: await probe(endpoint, own) })),
  )
  if (probes.some(({ outcome }) => outcome === 'ok')) return undefined
  for (const outcome of telling) {
    const found = probes.find((one) => one.outcome === outcome)
    if (found !== undefined) return errorOf(outcome, found.endpoint, tls)
  }
  return undefined
}

/** What says most, first: one machine that is off says less than another that refuses us. */
const telling: readonly Exclude<Probe, 'ok'>[] = [
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

function errorOf(outcome: Exclude<Probe, 'ok'>, endpoint: string, tls: ClientTls): ConclaveError {
  const newTicket = 'Ask for a new ticket on one of its nodes.'
  switch (outcome) {
    case 'other-authority':
      return new ConclaveError(
        'not-allowed',
        `${endpoint} is of another cluster: its certificate is from another authority`,
        {
          hint: 'Has the cluster been founded anew? ' + newTicket,
        },
      )
    case 'server-expired':
      return new ConclaveError('not-allowed', `the certificate of the node at ${endpoint} has expired`, {
        hint: 'Start that node again (`conclave node stop`, `conclave node start`): it renews its certificate.',
      })
    case 'server-not-yet-valid':
      return new ConclaveError('not-allowed', `the certificate of the node at ${endpoint} is not valid yet`, {
        hint: 'Compare the clocks of the two machines.',
      })
    case 'we-are-refused': {
      const expired = Date.parse(new X509Certificate(tls.certificate).validTo) < Date.now()
      const why = expired ? 'it has expired' : 'it was revoked, is of another cluster, or the clocks differ'
      return new ConclaveError('not-allowed', `the node at ${endpoint} does not take our certificate: ${why}`, {
        hint: newTicket,
      })
    }
    case 'other-name':
      return new ConclaveError('not-allowed', `the node at ${endpoint} is known under another address`, {
        hint: 'Use the address that it advertises; `conclave node status` on that machine tells.',
      })
    case 'not-tls':
      return new ConclaveError('not-a-store', `what listens at ${endpoint} is no node of Conclave`, {
        hint: 'Is the port right? Is a system-wide etcd running there?',
      })
    case 'refused':
    case 'silent':
    case 'no-such-host':
      return new ConclaveError('unavailable', unreachable(outcome, endpoint), {
        hint: 'Is the node running (`conclave node start`), and does the network let this machine reach it?',
        retryable: true,
      })
  }
}

function unreachable(outcome: 'refused' | 'silent' | 'no-such-host', endpoint: string): string {
  if (outcome === 'refused') return `nobody listens at ${endpoint}`
  return outcome === 'silent'
    ? `${endpoint} does not answer`
    : `there is no machine called ${endpoint.replace(/:\d+$/, '')}`
}
