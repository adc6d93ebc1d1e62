/**
 * A wait that ends: with the promise, with the signal's reason, or with an error after a time; `goesOn` begins that time
 * anew.
 */
export async function until<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  ms: number,
  late: () => Error,
  goesOn: () => boolean = () => false,
): Promise<T> {
  // Whoever gave up does not hear of it again.
  promise.catch(() => {})
  signal.throwIfAborted()
  const ended = Promise.withResolvers<never>()
  const expire = (): void => {
    if (goesOn()) timer = setTimeout(expire, ms)
    else ended.reject(late())
  }
  let timer = setTimeout(expire, ms)
  const abort = (): void => ended.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, ended.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
