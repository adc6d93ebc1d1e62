/** How a node gets at the records of its cluster: handed in, so that this folder knows no implementation of the store. */
import type { Store } from '../../store/store.ts'
import type { ClientTls } from './cluster-client.ts'

/** @param endpoints host:port */
export type OpenStore = (endpoints: readonly string[], tls: ClientTls) => Promise<Store>

export async function withStore<T>(
  open: OpenStore,
  endpoints: readonly string[],
  tls: ClientTls,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await open(endpoints, tls)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
