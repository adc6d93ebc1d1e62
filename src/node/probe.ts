/** Why an endpoint can't be used, asked of TLS itself: gRPC tells of every failure alike. */
import { X509Certificate } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import { ConclaveError } from '../base/errors.ts'
import { splitEndpoint } from './address.ts'
import type { ClientTls } from './cluster-client.ts'

export type Probe =
  /** It speaks, and takes our certificate. */
  | 'ok'
  | 'refused'
  | 'silent'
  | 'no-such-host'
  /** Something listens there that does not speak TLS. */
  | 'not-tls'
  | 'server-expired'
  | 'server-not-yet-valid'
  | 'other-authority'
  | 'other-name'
  /** It does not take ours: it is of another cluster, or ours has expired. */
  | 'we-are-refused'

const timeoutMs = 2000
/** The beginning of every HTTP/2 connection (RFC 9113 §3.4), with empty settings: a server answers with its own. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')

export async function probe(endpoint: string, tls: ClientTls): Promise<Probe> {
  const { host, port } = splitEndpoint(endpoint)
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ca: tls.authority,
      cert: tls.certificate,
      key: tls.key,
      ALPNProtocols: ['h2'],
      timeout: timeoutMs,
    })
    const end = (outcome: Probe): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('secureConnect', () => socket.write(preface))
    // A server of TLS 1.3 judges our certificate after we think ourselves connected: only its first word says yes.
    socket.once('data', () => end('ok'))
    socket.once('timeout', () => end('silent'))
    socket.once('error', (error) => end(meaningOf(error as NodeJS.ErrnoException, socket)))
    socket.once('close', () => end('we-are-refused'))
  })
}

/** Asks them all at once and says the worst that explains why none could be used; undefined: one could. */
export async function diagnose(endpoints: readonly string[], tls: ClientTls): Promise<ConclaveError | undefined> {
  const probes = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint, outcome: await probe(endpoint, tls) })),
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

function meaningOf(error: NodeJS.ErrnoException, socket: TLSSocket): Probe {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no-such-host'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'silent'
    case 'CERT_HAS_EXPIRED':
      return 'server-expired'
    case 'CERT_NOT_YET_VALID':
      return 'server-not-yet-valid'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'other-name'
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'CERT_SIGNATURE_FAILURE':
      return 'other-authority'
    default:
      if (/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP)/.test(error.code ?? '')) return 'not-tls'
      return error.code?.startsWith('ERR_SSL_') || socket.getProtocol() !== null ? 'we-are-refused' : 'not-tls'
  }
}

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
      const why = expired ? 'it has expired' : 'it is of another cluster, or the clocks differ'
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
