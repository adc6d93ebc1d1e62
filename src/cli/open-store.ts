/** From a store's address to the open store, and what a status line says of it. */
import { silentLogger, type Logger } from '../base/log.ts'
import { steadyHealth, type StoreHealth } from '../chat/store-health.ts'
import { formatEndpoint } from '../node/address.ts'
import type { Store } from '../store/store.ts'
import { embeddedPath } from './store-url.ts'
import type { ClusterAddress, StoreAddress } from './store-url.ts'

export interface OpenedStore {
  readonly store: Store
  readonly health: StoreHealth
  /** Where the data lies, in a few words. */
  readonly label: string
  close(): Promise<void>
}

export interface StoreOptions {
  readonly home: string
  /** The home's configuration names this store, and so follows its cluster's members. */
  readonly remember: boolean
  readonly logger?: Logger
}

/**
 * @throws not-a-store, not-allowed, store-full, tampering for a file that can't serve; usage for missing certificates.
 * A cluster is not waited for: its first call finds out whether it answers.
 */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<OpenedStore> {
  const { home, logger = silentLogger } = options
  const label = storeLabel(address, home)
  // Only the one that is needed is loaded: gRPC alone takes longer than opening a file.
  if (address.kind === 'etcd') {
    const { openCluster } = await import('./open-cluster.ts')
    return openCluster(address, { ...options, label, logger })
  }
  const { SqliteStore } = await import('../store/sqlite/store.ts')
  const store = await SqliteStore.open(address.path)
  return { store, health: steadyHealth(label), label, close: () => store.close() }
}

/** In a few words, for a status line. */
export function storeLabel(address: StoreAddress, home: string): string {
  switch (address.kind) {
    case 'etcd':
      return `etcd ${endpointsOf(address).join(', ')}`
    case 'sqlite':
      return address.path === embeddedPath(home) ? 'local store' : `local store ${address.path}`
  }
}

export function endpointsOf({ endpoints }: ClusterAddress): string[] {
  return endpoints.map(({ host, port }) => formatEndpoint(host, port))
}
