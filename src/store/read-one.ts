import { concat, type Bytes } from '../base/bytes.ts'
import type { Entry, Store } from './store.ts'

/** The entry under a key, if any. */
export async function readOne(store: Store, key: Bytes, signal?: AbortSignal): Promise<Entry | undefined> {
  const { entries } = await store.range(key, concat(key, new Uint8Array(1)), { limit: 1 }, signal)
  return entries[0]
}
