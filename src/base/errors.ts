/**
 * Every failure that a caller may meet.
 *
 * `code` is stable and machine-readable; `message` says what happened; `hint` says what to do next, in the command
 * line's words, and `nextStep` with its commands as data;
 * `retryable` says whether the same call can succeed later without anything else changing.
 */
import { hintText, type Hint } from './hint.ts'

export const errorCodes = [
  'usage', // bad arguments, an empty or oversized message, a weak passphrase
  'timeout', // waited for someone to act; still waiting
  'not-member',
  'not-allowed',
  'name-taken',
  'rejected',
  'kicked',
  'unconfirmed-key',
  'no-such-room',
  'no-such-user',
  'closed', // the room or the handle is closed
  'unavailable', // the store can't be reached, or its quorum is gone
  'store-full',
  'not-a-store', // the file or the cluster at this address is something else
  'wrong-password',
  'tampering', // records changed, missing, replayed, forged or rolled back
  'unexpected',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export interface ErrorDetails {
  readonly hint?: Hint
  readonly cause?: unknown
  readonly retryable?: boolean
}

export class ConclaveError extends Error {
  override readonly name = 'ConclaveError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** What `hint` says, for a front end that names commands in its own way. */
  readonly nextStep: Hint | undefined
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.nextStep = details.hint
    this.hint = details.hint === undefined ? undefined : hintText(details.hint)
    this.retryable = details.retryable ?? false
  }
}

export function isConclaveError(error: unknown, code?: ErrorCode): error is ConclaveError {
  return error instanceof ConclaveError && (code === undefined || error.code === code)
}

/** Another client changed in the store what a transaction depends on. */
export function storeConflict(): ConclaveError {
  return new ConclaveError('unavailable', 'Another client changed the store at the same time', {
    hint: 'Try again.',
    retryable: true,
  })
}
