/** A wait that ends: with the promise, with the signal's reason, or with an error after a time. */
export async function until<T>(promise: Promise<T>, signal: AbortSignal, ms: number, late: () => Error): Promise<T> {
  // Whoever gave up does not hear of it again.
  promise.catch(() => {})
  signal.throwIfAborted()
  const ended = Promise.withResolvers<never>()
  const timer = setTimeout(() => ended.reject(late()), ms)
  const abort = (): void => ended.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, ended.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
