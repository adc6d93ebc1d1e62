/**
 * Leases: granted under an id of our own choice, so that a repeated grant is the same one, and renewed three times per
 * lifetime at whichever endpoint answers. After a change of leader etcd restarts their time, so they may live longer
 * than promised.
 */
import { randomBytes } from 'node:crypto'
import type { Lease, LeaseId } from '../store.ts'
import type { Calls } from './calls.ts'
import type { Endpoint } from './endpoint.ts'
import { Unreachable, failureOf, Refusal } from './failure.ts'
import { Lease as LeaseService } from './generated/kv_pb.ts'

const touchesPerTtl = 3

interface Kept {
  readonly lost: AbortController
  timer: NodeJS.Timeout | undefined
  /** When it expires unless it is renewed. */
  expiresAt: number
}

export class Leases {
  readonly #calls: Calls
  readonly #kept = new Map<LeaseId, Kept>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  async grant(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    const id = randomBytes(8).readBigInt64BE() & 0x7fff_ffff_ffff_ffffn
    const askedAt = Date.now()
    const granted = await this.#grant(id, ttlS, signal)
    const lease = String(id)
    const lost = new AbortController()
    const kept: Kept = { lost, timer: undefined, expiresAt: askedAt + granted * 1000 }
    this.#kept.set(lease, kept)
    this.#touchLater(lease, kept, granted)
    return { id: lease, ttlS: granted, lost: lost.signal, revoke: () => this.#revoke(lease) }
  }

  /** Stops renewing leases, without ending them. */
  close(): void {
    for (const { timer } of this.#kept.values()) clearTimeout(timer)
    this.#kept.clear()
  }

  /** @returns the time to live that the cluster chose: at least the requested one. */
  async #grant(id: bigint, ttlS: number, signal?: AbortSignal): Promise<number> {
    try {
      const request = { ID: id, TTL: BigInt(ttlS) }
      const { TTL } = await this.#calls.run(
        (endpoint, timeoutMs) => endpoint.unary(LeaseService.method.leaseGrant, request, timeoutMs, signal),
        signal,
      )
      return Number(TTL)
    } catch (error) {
      // An earlier try succeeded although its reply was lost.
      if (error instanceof Refusal && error.kind === 'lease-exists') return ttlS
      throw error
    }
  }

  async #revoke(lease: LeaseId): Promise<void> {
    this.#forget(lease)
    try {
      await this.#calls.run((endpoint, timeoutMs) =>
        endpoint.unary(LeaseService.method.leaseRevoke, { ID: BigInt(lease) }, timeoutMs),
      )
    } catch (error) {
      if (!(error instanceof Refusal && error.kind === 'lease-ended')) throw error
    }
  }

  #touchLater(lease: LeaseId, kept: Kept, ttlS: number): void {
    kept.timer = setTimeout(() => void this.#touch(lease, kept, ttlS), (ttlS * 1000) / touchesPerTtl).unref()
  }

  async #touch(lease: LeaseId, kept: Kept, ttlS: number): Promise<void> {
    const askedAt = Date.now()
    const leftMs = Math.max(kept.expiresAt - askedAt, 1000)
    try {
      const ttl = await this.#calls.run(
        (endpoint, timeoutMs) => keepAlive(endpoint, BigInt(lease), timeoutMs),
        undefined,
        leftMs,
      )
      if (ttl > 0) kept.expiresAt = askedAt + ttl * 1000
      else kept.expiresAt = 0
    } catch {
      // Tried again until it must have expired.
    }
    if (!this.#kept.has(lease)) return
    if (Date.now() < kept.expiresAt) this.#touchLater(lease, kept, ttlS)
    else this.#forget(lease)?.lost.abort()
  }

  #forget(lease: LeaseId): Kept | undefined {
    const kept = this.#kept.get(lease)
    clearTimeout(kept?.timer)
    this.#kept.delete(lease)
    return kept
  }
}

/** Renews once. @returns the seconds left on the lease; 0: it has ended. */
async function keepAlive(endpoint: Endpoint, id: bigint, timeoutMs: number): Promise<number> {
  const stream = endpoint.duplex(LeaseService.method.leaseKeepAlive)
  const timer = setTimeout(() => stream.cancel(), timeoutMs)
  try {
    stream.write({ ID: id })
    for await (const response of stream as AsyncIterable<{ TTL: bigint }>) return Number(response.TTL)
    throw new Unreachable('no answer', { unsent: false })
  } catch (error) {
    throw failureOf(error, true)
  } finally {
    clearTimeout(timer)
    stream.cancel()
  }
}
