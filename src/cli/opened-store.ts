/** A store that is open, whichever kind it is. */
import type { Logger } from '../base/log.ts'
import type { StoreHealth } from '../chat/connection/store-health.ts'
import { formatEndpoint } from '../node/home/address.ts'
import type { Store } from '../store/store.ts'
import type { ClusterAddress } from './store-url.ts'

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

export function endpointsOf({ endpoints }: ClusterAddress): string[] {
  return endpoints.map(({ host, port }) => formatEndpoint(host, port))
}
