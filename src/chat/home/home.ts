/** Where identities live on this machine: one local store each. The command line says where; tests keep them in memory. */
import type { CommitResult, Store, Transaction } from '../../store/store.ts'

export interface HomeStore extends Store {
  /**
   * As `commit`, but ahead of the disk: it outlives this process, and a loss of power once a later `commit` has resolved.
   * A store without it has no disk to wait for.
   */
  commitAhead?(transaction: Transaction): Promise<CommitResult>
  /** Gives the space of what was deleted back to the disk. */
  shrink?(): Promise<void>
}

export interface Home {
  /** Skeletons of the names that have a local store here. */
  names(): Promise<readonly string[]>
  /** The identity's local store; a new one when there is none. Each call opens another handle. */
  open(nameSkeleton: string): Promise<HomeStore>
}
