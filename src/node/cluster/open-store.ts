/** Opens the cluster's store. Passed in, so that this layer depends on no store implementation. */
import type { Store } from '../../store/store.ts'
import type { ClientTls } from '../certificates/credentials.ts'

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
