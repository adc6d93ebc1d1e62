/** Exit codes, which scripts see first. A new error code does not compile until it has one here. */
import { ConclaveError } from '../../base/errors.ts'
import type { ErrorCode } from '../../base/errors.ts'

/**
 * 0 done, 1 unexpected, 2 usage, 3 still waiting or timed out, 4 refused, 5 store unavailable, 6 wrong passphrase, 7
 * tampering detected.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7

const exitCodes: Readonly<Record<ErrorCode, ExitCode>> = {
  unexpected: 1,
  usage: 2,
  timeout: 3,
  'not-member': 4,
  'not-allowed': 4,
  'name-taken': 4,
  rejected: 4,
  kicked: 4,
  'unconfirmed-key': 4,
  'no-such-room': 4,
  'no-such-user': 4,
  closed: 4,
  unavailable: 5,
  'store-full': 5,
  'not-a-store': 5,
  'wrong-password': 6,
  tampering: 7,
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof ConclaveError ? exitCodes[error.code] : exitCodes.unexpected
}
