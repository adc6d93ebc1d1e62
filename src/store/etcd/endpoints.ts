/**
 * Chooses the endpoint: the preferred one whenever it works, else the one that worked last. One that failed is avoided
 * while others work, and probed in the background until it answers again.
 */
import { BackOff } from '../../base/back-off.ts'
import { probeMsMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { Endpoint } from './endpoint.ts'
import type { EtcdTimeouts, EtcdTls } from './options.ts'

interface Known {
  readonly endpoint: Endpoint
  /** Named by the user, so it is kept even if the cluster no longer lists it. */
  readonly configured: boolean
  /** Failure counter; the smallest number failed longest ago. Undefined: it works as far as is known. */
  failed: number | undefined
  probe: NodeJS.Timeout | undefined
  readonly backOff: BackOff
}

export interface EndpointsOptions {
  readonly endpoints: readonly string[]
  readonly prefer: string | undefined
  readonly tls: EtcdTls | undefined
  readonly timeouts: EtcdTimeouts
  readonly logger: Logger
}

export class Endpoints {
  readonly #options: EndpointsOptions
  #tls: EtcdTls | undefined
  readonly #known = new Map<string, Known>()
  readonly #failureListeners = new Set<(endpoint: Endpoint) => void>()
  #current: Endpoint | undefined
  #failures = 0
  #closed = false

  constructor(options: EndpointsOptions) {
    this.#options = options
    this.#tls = options.tls
    const { prefer } = options
    // Clients that were given the same list spread over it.
    const others = options.endpoints.filter((address) => address !== prefer)
    const shuffled = others.map((address) => ({ address, at: Math.random() })).sort((a, b) => a.at - b.at)
    if (prefer !== undefined) this.#add(prefer, true)
    for (const { address } of shuffled) this.#add(address, true)
  }

  get count(): number {
    return this.#known.size
  }

  get addresses(): readonly string[] {
    return [...this.#known.keys()]
  }

  /** The endpoint to try now. When all have failed: the one that failed longest ago. */
  best(): Endpoint {
    const all = [...this.#known.values()]
    const working = all.filter(({ failed }) => failed === undefined).map(({ endpoint }) => endpoint)
    const preferred = working.find(({ address }) => address === this.#options.prefer)
    if (preferred !== undefined) return preferred
    if (this.#current !== undefined && working.includes(this.#current)) return this.#current
    if (working[0] !== undefined) return working[0]
    return all.reduce((a, b) => ((a.failed as number) <= (b.failed as number) ? a : b)).endpoint
  }

  /** Lends the endpoint at an address, known or not, for calls about the cluster itself. */
  async lend<T>(address: string, use: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const known = this.#known.get(address)
    if (known !== undefined) return use(known.endpoint)
    const endpoint = new Endpoint(address, this.#tls)
    try {
      return await use(endpoint)
    } finally {
      endpoint.close()
    }
  }

  succeeded(endpoint: Endpoint): void {
    this.#current = endpoint
    const known = this.#known.get(endpoint.address)
    if (known?.failed === undefined) return
    known.failed = undefined
    clearTimeout(known.probe)
    known.probe = undefined
    known.backOff.succeeded()
    this.#options.logger.info('endpoint back', { address: endpoint.address })
  }

  failed(endpoint: Endpoint, reason: string): void {
    const known = this.#known.get(endpoint.address)
    if (known === undefined || this.#closed) return
    if (known.failed === undefined)
      this.#options.logger.warn('endpoint unreachable', { address: endpoint.address, reason })
    this.#failures += 1
    known.failed = this.#failures
    if (known.probe === undefined) this.#probeLater(known)
    for (const listener of this.#failureListeners) listener(endpoint)
  }

  /** Reports every failure of an endpoint. @returns unsubscribe */
  onFailed(listener: (endpoint: Endpoint) => void): () => void {
    this.#failureListeners.add(listener)
    return () => void this.#failureListeners.delete(listener)
  }

  /** The cluster's own list: new addresses are added, unlisted ones are dropped. */
  learn(addresses: readonly string[]): void {
    if (this.#closed) return
    for (const address of addresses) if (!this.#known.has(address)) this.#add(address, false)
    for (const [address, known] of this.#known) {
      if (known.configured || addresses.includes(address)) continue
      this.#known.delete(address)
      clearTimeout(known.probe)
      // Calls under way may still succeed.
      known.endpoint.reset()
    }
  }

  /** For all connections made from now on. @throws as `EtcdStore.useTls` */
  useTls(tls: EtcdTls): void {
    for (const { endpoint } of this.#known.values()) endpoint.useTls(tls)
    this.#tls = tls
  }

  close(): void {
    this.#closed = true
    for (const { endpoint, probe } of this.#known.values()) {
      clearTimeout(probe)
      endpoint.close()
    }
  }

  #add(address: string, configured: boolean): Known {
    const endpoint = new Endpoint(address, this.#tls)
    // Of the pauses, which are random, the first one takes at least `probeMs`.
    const backOff = new BackOff({ firstMs: 2 * this.#options.timeouts.probeMs, mostMs: probeMsMax })
    const known: Known = { endpoint, configured, failed: undefined, probe: undefined, backOff }
    this.#known.set(address, known)
    return known
  }

  #probeLater(known: Known): void {
    known.probe = setTimeout(() => void this.#probe(known), known.backOff.nextMs()).unref()
  }

  async #probe(known: Known): Promise<void> {
    const { endpoint } = known
    try {
      await endpoint.serves(this.#options.timeouts.attemptMs)
      if (this.#current === undefined) this.#current = endpoint
      known.failed = undefined
      known.probe = undefined
      known.backOff.succeeded()
      this.#options.logger.info('endpoint back', { address: endpoint.address })
    } catch {
      if (this.#closed || known.failed === undefined) return
      endpoint.reset()
      this.#probeLater(known)
    }
  }
}
