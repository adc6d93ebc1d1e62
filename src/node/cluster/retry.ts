/** Tries again what is refused only for the moment, saying so once a reason. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConclaveError } from '../../base/errors.ts'
import { isPassing } from './cluster-errors.ts'

export interface Patience {
  readonly patienceMs: number
  readonly pauseMs: number
  readonly onWaiting: (reason: ConclaveError) => void
  readonly signal?: AbortSignal | undefined
}

/** @throws the last refusal, once patience is over; what is no refusal for the moment, at once */
export async function persist<T>(attempt: () => Promise<T>, patience: Patience): Promise<T> {
  const until = performance.now() + patience.patienceMs
  let said = ''
  for (;;) {
    patience.signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error) || performance.now() > until) throw error
      const reason = error as ConclaveError
      if (reason.message !== said) patience.onWaiting(reason)
      said = reason.message
    }
    await sleep(patience.pauseMs, undefined, patience.signal === undefined ? {} : { signal: patience.signal })
  }
}
