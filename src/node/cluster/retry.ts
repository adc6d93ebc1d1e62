import { setTimeout as sleep } from 'node:timers/promises'
import type { ConclaveError } from '../../base/errors.ts'
import { isTransient } from './cluster-errors.ts'

export interface RetryPolicy {
  /** No attempt begins after this. */
  readonly timeoutMs: number
  readonly pauseMs: number
  /** Called once per reason in a row. */
  readonly onWaiting?: (reason: ConclaveError) => void
  readonly signal?: AbortSignal | undefined
}

/** Retries transient errors. @throws the last one after `timeoutMs`; any other error at once */
export async function retry<T>(attempt: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  const { timeoutMs, pauseMs, onWaiting, signal } = policy
  const deadline = performance.now() + timeoutMs
  let reported = ''
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error) || performance.now() > deadline) throw error
      if (error.message !== reported) onWaiting?.(error)
      reported = error.message
    }
    await sleep(pauseMs, undefined, signal && { signal })
  }
}
