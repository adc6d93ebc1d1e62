/**
 * A wait that ends: with the promise, with the signal's reason, or with a timeout error; `extend` may restart the
 * timeout.
 */
export async function until<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  ms: number,
  late: () => Error,
  extend: () => boolean = () => false,
): Promise<T> {
  // Once the wait is over, a rejection is not an error.
  promise.catch(() => {})
  signal.throwIfAborted()
  const ended = Promise.withResolvers<never>()
  const expire = (): void => {
    if (extend()) timer = setTimeout(expire, ms)
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
