/** The store's health beyond reachability, for front ends: a small port that the command line fills. */
import { isConclaveError } from '../../base/errors.ts'
import type { Unsubscribe } from '../chat.ts'

export interface StoreHealth {
  /** For a status line: 'local store', '4/5 nodes, can lose 1', or what still works while nothing can be written. */
  describe(): string
  /** False when writes are known to fail at present. */
  readonly writable: boolean
  /** Reports every change worth a redraw. The store's machines are only polled while there is a listener. */
  subscribe(listener: () => void): Unsubscribe
}

/** For a store that has nothing to report but its name. */
export function steadyHealth(label: string): StoreHealth {
  return { describe: () => label, writable: true, subscribe: () => () => {} }
}

/** Why the store is unreachable, for a status line; with what to do where waiting does not help. */
export function problemOf(error: unknown): string {
  if (!isConclaveError(error)) return error instanceof Error ? error.message : String(error)
  return error.hint === undefined || error.retryable ? error.message : `${error.message}: ${error.hint}`
}
