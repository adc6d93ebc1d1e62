/** Reading also without the store: what this machine holds is shown, and the exit code says that it may not be all. */
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import type { Room } from '../chat/chat.ts'
import { until } from './until.ts'

/** For reading what lies here nobody waits longer; a cluster that loses its leader is back sooner. */
const patienceMs = 4000

/**
 * Brings the room up to date.
 *
 * @returns undefined, or why it is not: to be thrown once what there is has been shown
 */
export async function bringUpToDate(room: Room, signal: AbortSignal): Promise<ConclaveError | undefined> {
  try {
    await until(room.refresh(signal), signal, patienceMs, () => {
      return new ConclaveError('unavailable', 'the store does not answer', { retryable: true })
    })
    return undefined
  } catch (error) {
    if (isConclaveError(error, 'unavailable')) return behind(error)
    // Whose membership has ended still reads what he had; the room's standing tells.
    if (isConclaveError(error, 'kicked') || isConclaveError(error, 'not-member')) return undefined
    throw error
  }
}

export function behind(cause: ConclaveError): ConclaveError {
  return new ConclaveError('unavailable', `${cause.message}; shown is what this machine holds`, {
    hint: cause.hint ?? 'The same command again, once the store answers, shows the rest.',
    retryable: true,
    cause,
  })
}
