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
  const refreshed = room.refresh(signal)
  refreshed.catch(() => {})
  try {
    await untilStill(room, refreshed, signal)
    return undefined
  } catch (error) {
    if (isConclaveError(error, 'unavailable')) return behind(error)
    // Whose membership has ended still reads what he had; the room's standing tells.
    if (isConclaveError(error, 'kicked') || isConclaveError(error, 'not-member')) return undefined
    throw error
  }
}

/** A long history takes its time: it is waited for as long as there is more of it each time that one looks. */
async function untilStill(room: Room, refreshed: Promise<void>, signal: AbortSignal): Promise<void> {
  const late = new ConclaveError('unavailable', 'the store does not answer', { retryable: true })
  for (;;) {
    const before = readOf(room)
    try {
      return await until(
        refreshed,
        signal,
        patienceMs,
        () => late,
        () => isPuttingBack(room),
      )
    } catch (error) {
      if (error !== late || readOf(room) === before) throw error
    }
  }
}

function readOf({ reading, seq }: Room): number {
  return reading?.read ?? seq
}

/** What the store has lost is being written into it again, which may take its time. */
export function isPuttingBack({ recovery }: Room): boolean {
  return recovery?.kind === 'putting-back'
}

/** Why what is shown is not to be relied on; undefined when it is. */
export function tampered({ recovery }: Room): ConclaveError | undefined {
  if (recovery?.kind !== 'frozen' && recovery?.kind !== 'damaged') return undefined
  return new ConclaveError('tampering', recovery.text, { hint: recovery.hint })
}

export function behind(cause: ConclaveError): ConclaveError {
  return new ConclaveError('unavailable', `${cause.message}; shown is what this machine holds`, {
    hint: cause.hint ?? 'The same command again, once the store answers, shows the rest.',
    retryable: true,
    cause,
  })
}
