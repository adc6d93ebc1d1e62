/** Reading also works without the store: the local copy is shown, and the exit code says that it may be incomplete. */
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { Room } from '../../chat/chat.ts'
import type { Session } from '../session/session.ts'
import { until } from './until.ts'

/** Opens a room, brings it up to date and shows it. @throws afterwards: what `show` returns, or why it may be stale */
export async function showRoom(
  session: Session,
  name: string,
  show: (room: Room) => Promise<ConclaveError | undefined | void>,
): Promise<void> {
  const room = await session.room(name)
  const stale = await bringUpToDate(room, session)
  const reason = (await show(room)) ?? stale
  if (reason) throw reason
}

/** @returns undefined, or why the room may be stale: to be thrown once its contents have been shown */
export async function bringUpToDate(
  room: Room,
  { signal, patience }: Pick<Session, 'signal' | 'patience'>,
): Promise<ConclaveError | undefined> {
  const refreshed = room.refresh(signal)
  refreshed.catch(() => {})
  try {
    await untilStill(room, refreshed, patience.readMs, signal)
    return undefined
  } catch (error) {
    if (isConclaveError(error, 'unavailable')) return mayBeStale(error)
    // Former members can still read what they had; the room's standing says so.
    if (isConclaveError(error, 'kicked') || isConclaveError(error, 'not-member')) return undefined
    throw error
  }
}

/** A long history takes time: keep waiting as long as it makes progress. */
async function untilStill(
  room: Room,
  refreshed: Promise<void>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const late = new ConclaveError('unavailable', 'The store is unreachable', { retryable: true })
  const progress = (): number => room.reading?.read ?? room.seq
  for (;;) {
    const before = progress()
    try {
      return await until(
        refreshed,
        signal,
        patienceMs,
        () => late,
        () => isPuttingBack(room),
      )
    } catch (error) {
      if (error !== late || progress() === before) throw error
    }
  }
}

/** Lost records are being restored to the store, which may take time. */
export function isPuttingBack({ recovery }: Room): boolean {
  return recovery?.kind === 'putting-back'
}

/** Why the output can't be relied on; undefined when it can. */
export function tampered({ recovery }: Room): ConclaveError | undefined {
  if (recovery?.kind !== 'frozen' && recovery?.kind !== 'damaged') return undefined
  return new ConclaveError('tampering', recovery.text, { hint: recovery.hint })
}

export function mayBeStale(cause: ConclaveError): ConclaveError {
  return new ConclaveError('unavailable', `${cause.message}. This is what your machine has`, {
    hint: cause.hint ?? 'Run the command again once the store is back to see the rest.',
    retryable: true,
    cause,
  })
}
