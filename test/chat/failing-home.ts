/** A home whose disk fails after a number of writes, as it does for a program that is killed. */
import type { Home } from '../../src/chat/home/home.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'

class Disk extends FaultyStore {
  left = Infinity

  override async commit(transaction: Transaction, signal?: AbortSignal) {
    if (this.left <= 0) this.cut()
    this.left -= 1
    return super.commit(transaction, signal)
  }
}

export function failingHome({ home }: { readonly home: Home }): {
  readonly home: Home
  /** From now on so many writes succeed. */
  cutAfter(writes: number): void
} {
  const disks: Disk[] = []
  let left = Infinity
  return {
    home: {
      names: () => home.names(),
      open: async (name): Promise<Store> => {
        const disk = new Disk(await home.open(name))
        disk.left = left
        disks.push(disk)
        return disk
      },
    },
    cutAfter: (writes) => {
      left = writes
      for (const disk of disks) {
        disk.left = writes
        if (writes <= 0) disk.cut()
      }
    },
  }
}
