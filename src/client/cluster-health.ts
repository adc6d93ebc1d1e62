/**
 * A cluster's health for the status line of a chat, polled only while there is a listener. A lost majority is reported
 * only when two polls in a row found it: an election takes about a second.
 */
import type { ConclaveError } from '../base/errors.ts'
import type { StoreHealth } from '../chat/connection/store-health.ts'
import type { ClientTls } from '../node/certificates/credentials.ts'
import { describeHealth, isWritable, quorumOf, type ClusterHealth } from '../node/health/health.ts'
import { watchHealth } from '../node/health/health.ts'

const periodMs = 1500

export interface ClusterToWatch {
  readonly label: string
  /** Changes with the cluster's members and the client's certificate. @returns endpoints host:port */
  readonly cluster: () => { readonly endpoints: readonly string[]; readonly tls: ClientTls }
}

export class WatchedHealth implements StoreHealth {
  readonly #cluster: ClusterToWatch
  readonly #listeners = new Set<() => void>()
  #watching: AbortController | undefined
  #text = ''
  #writable = true
  /** Consecutive polls that found no majority. */
  #without = 0

  constructor(cluster: ClusterToWatch) {
    this.#cluster = cluster
  }

  get writable(): boolean {
    return this.#writable
  }

  describe(): string {
    return this.#text === '' ? this.#cluster.label : this.#text
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#watching === undefined) this.#watch()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** The members or the certificate have changed: poll with the new ones from now on. */
  moved(): void {
    if (this.#watching === undefined) return
    this.#watching.abort()
    this.#watch()
  }

  close(): void {
    this.#watching?.abort()
    this.#watching = undefined
  }

  #watch(): void {
    const watching = new AbortController()
    this.#watching = watching
    const onHealth = (health: ClusterHealth | undefined, _: unknown, reason: ConclaveError | undefined): void => {
      if (!watching.signal.aborted) this.#take(health, reason)
    }
    void watchHealth({ ...this.#cluster.cluster(), periodMs, onHealth }, watching.signal)
  }

  #take(health: ClusterHealth | undefined, reason: ConclaveError | undefined): void {
    this.#without = health?.hasQuorum === true ? 0 : this.#without + 1
    if (this.#without === 1) return
    const writable = this.#without === 0 && (health === undefined || isWritable(health))
    const text = describeForChat(health, reason)
    if (text === this.#text && writable === this.#writable) return
    this.#text = text
    this.#writable = writable
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Without a majority: what still works, and what to do. */
export function describeForChat(health: ClusterHealth | undefined, reason?: ConclaveError): string {
  const consequence = 'You can read; what you send waits'
  // They answer, and refuse us: waiting does not help.
  if (health === undefined && reason?.code === 'not-allowed') {
    return 'certificate refused; ask someone who runs a node for a ticket'
  }
  if (health === undefined) return `no node answers. ${consequence}`
  if (health.hasQuorum) return isWritable(health) ? describeHealth(health) : `${describeHealth(health)}. ${consequence}`
  const { reachable, voters } = health
  const missing = quorumOf(voters) - reachable
  const remedy = missing > 0 ? `: start ${missing} more` : ''
  return `${reachable}/${voters} nodes${remedy}. ${consequence}`
}
