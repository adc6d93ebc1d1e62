/**
 * Translates failures of SQLite and of its files into Conclave's errors. Result codes:
 * https://www.sqlite.org/rescode.html
 */
import { ConclaveError } from '../../base/errors.ts'
import type { ErrorDetails } from '../../base/errors.ts'

const busy = 5
const locked = 6

/** The primary result code of an error from node:sqlite. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Another connection holds the lock: the same call can succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === busy || code === locked
}

export function storeBusy(path: string, cause: unknown): ConclaveError {
  return new ConclaveError('unavailable', `Another process keeps ${path} locked`, {
    hint: 'Try again; if it lasts, look for a stopped Conclave process.',
    retryable: true,
    cause,
  })
}

function storeFull(path: string, cause: unknown): ConclaveError {
  return new ConclaveError('store-full', `No room to write ${path}`, {
    hint: 'Free some disk space; nothing that was acknowledged is lost.',
    cause,
  })
}

function notAllowed(path: string, cause: unknown): ConclaveError {
  return new ConclaveError('not-allowed', `${path} can't be opened for writing`, {
    hint: 'Give yourself read and write permission on the file and its folder, or choose another with --store.',
    cause,
  })
}

export function notAStore(path: string, what: string, details: ErrorDetails = {}): ConclaveError {
  return new ConclaveError('not-a-store', `${path} ${what}`, {
    hint: 'It has been left as it is. Choose another file with --store, or move this one away.',
    ...details,
  })
}

/** Errors of SQLite and of file operations become ConclaveErrors; any other error is returned unchanged. */
export function translated(path: string, error: unknown): unknown {
  switch (resultCode(error)) {
    case busy:
    case locked:
      return storeBusy(path, error)
    case 13: // SQLITE_FULL
      return storeFull(path, error)
    case 3: // SQLITE_PERM
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return notAllowed(path, error)
    case 1: // SQLITE_ERROR: an unsupported format, or not our tables, though the header is ours
    case 11: // SQLITE_CORRUPT
      return new ConclaveError('tampering', `${path} is damaged`, {
        hint: 'Keep a copy of the file, then move it away: rooms come back from the replicas of their members.',
        cause: error,
      })
    case 26: // SQLITE_NOTADB
      return notAStore(path, 'is not a database', { cause: error })
    case 10: // SQLITE_IOERR
      return new ConclaveError('unavailable', `Reading or writing ${path} failed`, {
        hint: 'Check the disk.',
        retryable: true,
        cause: error,
      })
    default:
      return translatedFileError(path, error)
  }
}

function translatedFileError(path: string, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return notAllowed(path, error)
    case 'ENOSPC':
    case 'EDQUOT':
      return storeFull(path, error)
    case 'EISDIR':
      return notAStore(path, 'is a folder', { cause: error })
    case 'ENOTDIR':
    case 'EEXIST':
      return notAStore(path, 'is inside a file, not a folder', { cause: error })
    default:
      return error
  }
}
