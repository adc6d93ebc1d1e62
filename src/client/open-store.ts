/** Opens a store from its address, with its description for a status line. */
import { silentLogger } from '../base/log.ts'
import { steadyHealth } from '../chat/connection/store-health.ts'
import type { OpenedStore, StoreOptions } from './open-cluster.ts'
import { embeddedPath, endpointsOf, type StoreAddress } from './store-url.ts'

/**
 * @throws not-a-store, not-allowed, store-full, tampering for an unusable file; usage for missing certificates. Doesn't
 * wait for a cluster: its first call finds out whether it answers.
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
