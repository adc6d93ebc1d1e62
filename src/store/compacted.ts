import { ConclaveError } from '../base/errors.ts'
import type { Revision } from './store.ts'

/** The requested revisions are no longer kept; `oldest` is the first that still is. */
export class CompactedError extends ConclaveError {
  readonly oldest: Revision

  constructor(oldest: Revision) {
    super('unavailable', `history before revision ${oldest} has been compacted`, { retryable: true })
    this.oldest = oldest
  }
}
