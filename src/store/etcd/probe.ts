/** Finds out through TLS itself how an endpoint treats us: gRPC reports most failures alike. */
import { connect, type TLSSocket } from 'node:tls'
import type { EtcdTls } from './options.ts'
import { hostOf } from './security.ts'

export type Probe =
  /** It responds, and accepts our certificate. */
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
  /** It rejects ours: it belongs to another cluster, or ours has expired. */
  | 'we-are-refused'

const timeoutMs = 2000
/** The beginning of every HTTP/2 connection (RFC 9113 §3.4), with empty settings: a server answers with its own. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')

/** @param address host:port */
export async function probe(address: string, tls: EtcdTls): Promise<Probe> {
  const host = hostOf(address)
  const { ca, cert, key } = tls
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(address.slice(address.lastIndexOf(':') + 1)),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ALPNProtocols: ['h2'],
      timeout: timeoutMs,
    })
    const end = (outcome: Probe): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('secureConnect', () => socket.write(preface))
    // A TLS 1.3 server checks our certificate after the handshake completes on our side: only its first data confirms
    // it.
    socket.once('data', () => end('ok'))
    socket.once('timeout', () => end('silent'))
    socket.once('error', (error) => end(meaningOf(error as NodeJS.ErrnoException, socket)))
    socket.once('close', () => end('we-are-refused'))
  })
}

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
