/** Hosts and ports: how they stand in URLs, whether they are this machine's, whether they are free. */
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isIPv6 } from 'node:net'
import { ConclaveError } from '../../base/errors.ts'

/** host:port, an IPv6 address in brackets. */
export function formatEndpoint(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

export function urlOf(host: string, port: number): string {
  return `https://${formatEndpoint(host, port)}`
}

/** host:port of a URL, or the text itself when it is none. */
export function endpointOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The address at which others most likely reach this machine: its first one on a network, IPv4 before IPv6. */
export function likelyAddress(interfaces = networkInterfaces()): string | undefined {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? [])
  const outward = all.filter(({ internal, scopeid }) => !internal && !scopeid)
  return (outward.find(({ family }) => family === 'IPv4') ?? outward[0])?.address
}

export function isOwnAddress(host: string, interfaces = networkInterfaces()): boolean {
  if (isLoopback(host)) return true
  return Object.values(interfaces).some((addresses) => addresses?.some(({ address }) => address === host))
}

/**
 * Waits until nobody listens there any more: an etcd whose parent was killed takes a moment to end.
 *
 * @throws usage when the port is still taken after `patienceMs`, or the address is not this machine's
 */
export async function requireFreePort(
  host: string,
  port: number,
  option: string,
  patienceMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const until = performance.now() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    const failure = await tryListening(host, port)
    if (failure === undefined) return
    if (failure === 'EADDRINUSE' && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      continue
    }
    const place = formatEndpoint(host, port)
    if (failure === 'EADDRINUSE') {
      throw new ConclaveError('usage', `${place} is taken: another program listens there`, {
        hint: `Choose another with ${option} PORT. If it is a system-wide etcd: sudo systemctl disable --now etcd.`,
      })
    }
    if (failure === 'EADDRNOTAVAIL' || failure === 'ENOTFOUND') {
      throw new ConclaveError('usage', `${host} is not an address of this machine`, {
        hint: 'Listen on one that it has (--listen 0.0.0.0: all of them), and name what others reach with --advertise.',
      })
    }
    throw new ConclaveError('usage', `can't listen on ${place}: ${failure}`, {
      hint: `Choose another port with ${option} PORT.`,
    })
  }
}

async function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
