/** How a connection is secured: with TLS against the cluster's own authority, or not at all. */
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { credentials } from '@grpc/grpc-js'
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js'
import type { EtcdTls } from './options.ts'

export interface Security {
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

/** TLS server names can't be addresses (RFC 6066, section 3). */
const nameForAddresses = 'etcd'

/** @param address host:port */
export function securityOf(address: string, tls: EtcdTls | undefined): Security {
  if (tls === undefined) return { credentials: credentials.createInsecure(), options: {} }
  const host = hostOf(address)
  const named = tls.serverName ?? host
  // The certificate must be valid for this name or address, whatever server name was sent.
  const verify = {
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(named, certificate),
  }
  return {
    credentials: credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), verify),
    options: { 'grpc.ssl_target_name_override': isIP(named) === 0 ? named : nameForAddresses },
  }
}

/** @param address host:port; the host without brackets */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
}

function pem(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text)
}
