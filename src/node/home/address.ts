/** Hosts and ports: how they appear in URLs, whether they belong to this machine, whether they are free. */
import { createServer, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConclaveError } from '../../base/errors.ts'

/** host:port, with brackets around an IPv6 address. */
export function formatEndpoint(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

export function urlOf(host: string, port: number): string {
  return `https://${formatEndpoint(host, port)}`
}

/** host:port of a URL; any other text is returned as it is. */
export function endpointOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The address at which others most likely reach this machine: the first on a network, IPv4 before IPv6. */
export function likelyAddress(interfaces = networkInterfaces()): string | undefined {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? [])
  const outward = all.filter(({ internal, scopeid }) => !internal && !scopeid)
  return (outward.find(({ family }) => family === 'IPv4') ?? outward[0])?.address
}

export function isOwnAddress(host: string, interfaces = networkInterfaces()): boolean {
  if (isLoopback(host)) return true
  return Object.values(interfaces).some((addresses) => addresses?.some(({ address }) => address === host))
}

/** @throws usage when the port is still taken after `timeoutMs`, or the address is not this machine's */
export async function requireFreePort(
  host: string,
  port: number,
  option: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let failure = await tryListening(host, port)
  while (failure === 'EADDRINUSE' && performance.now() < deadline) {
    await sleep(100, undefined, signal && { signal })
    failure = await tryListening(host, port)
  }
  signal?.throwIfAborted()
  if (failure === undefined) return
  const place = formatEndpoint(host, port)
  const another = `Choose another port with ${option} PORT.`
  if (failure === 'EADDRINUSE') {
    throw new ConclaveError('usage', `${place} is taken: another program listens there`, {
      hint: `${another} If it is a system-wide etcd: sudo systemctl disable --now etcd.`,
    })
  }
  if (failure === 'EADDRNOTAVAIL' || failure === 'ENOTFOUND') {
    throw new ConclaveError('usage', `${host} is not an address of this machine`, {
      hint: 'Listen on one of its own (--listen 0.0.0.0 for all of them), and tell others what to connect to with --advertise.',
    })
  }
  throw new ConclaveError('usage', `Can't listen on ${place}: ${failure}`, { hint: another })
}

/** @returns the error code; undefined when the port is free */
async function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
