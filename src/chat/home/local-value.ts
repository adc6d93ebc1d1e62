/**
 * Values that this program wrote to its home earlier. If the disk corrupts one, people are told which, and what to do.
 */
import { FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'

/** @throws tampering when `read` finds that the value is not what was written */
export function readLocal<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof RangeError)) throw error
    throw new ConclaveError('tampering', `Damaged in this home: ${what}`, {
      hint: 'Everything except unsent messages is in the store too: move the home away, and log in again.',
      cause: error,
    })
  }
}
