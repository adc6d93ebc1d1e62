import type { Store } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'

/** Stores of a program that dies: its first `writes` transactions happen, wherever they go, and then nothing any more. */
export function dying(writes: number): (store: Store) => Store {
  let left = writes
  const stores: FaultyStore[] = []
  return (store) => {
    const faulty = new FaultyStore(store)
    stores.push(faulty)
    const { commit } = faulty
    faulty.commit = async (transaction, signal) => {
      const reads = transaction.then.every(({ kind }) => kind === 'read')
      if (!reads && left === 0) for (const other of stores) other.cut()
      if (!reads) left -= 1
      return commit.call(faulty, transaction, signal)
    }
    return faulty
  }
}
