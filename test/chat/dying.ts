import type { Store } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'

export interface Dying {
  (store: Store): Store
  /** Resolves when it dies. */
  readonly died: Promise<void>
  /** How many transactions it has made. */
  writes(): number
}

/** Stores of a program that dies: its first `writes` transactions happen, wherever they go, and then nothing any more. */
export function dying(writes: number): Dying {
  let left = writes
  let made = 0
  const { promise: died, resolve } = Promise.withResolvers<void>()
  const stores: FaultyStore[] = []
  const open = (store: Store): Store => {
    const faulty = new FaultyStore(store)
    stores.push(faulty)
    const { commit } = faulty
    faulty.commit = async (transaction, signal) => {
      const reads = transaction.then.every(({ kind }) => kind === 'read')
      if (!reads && left === 0) {
        for (const other of stores) other.cut()
        resolve()
      }
      if (!reads) {
        left -= 1
        made += 1
      }
      return commit.call(faulty, transaction, signal)
    }
    return faulty
  }
  return Object.assign(open, { died, writes: () => made })
}
