/**
 * Where identities live on this machine: one local store each. The command line says where; tests keep them in memory.
 */
import type { CommitResult, Store, Transaction } from '../../store/store.ts'

export interface HomeStore extends Store {
  /**
   * As `commit`, but ahead of the disk: it survives this process at once, and a loss of power once a later `commit` has
   * resolved. In-memory stores lack it.
   */
  commitAhead?(transaction: Transaction): Promise<CommitResult>
  /** Returns the space of deleted data to the disk. */
  shrink?(): Promise<void>
}

export interface Home {
  /** Skeletons of the names that have a local store here. */
  names(): Promise<readonly string[]>
  /** The identity's local store, created if missing. Each call opens another handle. */
  open(nameSkeleton: string): Promise<HomeStore>
}
