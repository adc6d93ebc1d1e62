/** Lets any number of waiters sleep until something may have changed. */
export class Wakeup {
  #next = Promise.withResolvers<void>()

  /**
   * Resolves at the first ring after this call. Call it before checking, so that no change is missed between check and
   * sleep.
   */
  next(): Promise<void> {
    return this.#next.promise
  }

  ring(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }
}

/** Resolves with the promise or on abort, whichever is first; leaves no listener behind. */
export async function settledOrAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const onAbort = (): void => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
