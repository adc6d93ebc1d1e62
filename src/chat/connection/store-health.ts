/** What a front end can tell of the store beyond whether it answers: a small port that the command line fills. */
import { isConclaveError } from '../../base/errors.ts'
import type { Unsubscribe } from '../chat.ts'

export interface StoreHealth {
  /** For a status line: 'local store', '4/5 nodes, can lose 1', or what still works while nothing can be written. */
  describe(): string
  /** False: it is known that nothing can be written at present. */
  readonly writable: boolean
  /** Tells of every change worth a redraw. The store's machines are looked at only while somebody listens. */
  subscribe(listener: () => void): Unsubscribe
}

/** Of a store about which there is nothing more to tell than its name. */
export function steadyHealth(label: string): StoreHealth {
  return { describe: () => label, writable: true, subscribe: () => () => {} }
}

/** Why the store is away, for a status line; with what to do where waiting does not help. */
export function problemOf(error: unknown): string {
  if (!isConclaveError(error)) return error instanceof Error ? error.message : String(error)
  return error.hint === undefined || error.retryable ? error.message : `${error.message}: ${error.hint}`
}
