/** Has a node renew the certificate of a person's home before it expires, while the home's cluster is open. */
import type { Logger } from '../base/log.ts'
import { readCertificate } from '../node/certificates/check-certificate.ts'
import { clientFiles } from '../node/home/paths.ts'
import type { Store } from '../store/store.ts'

/** For programs that run for months. */
const periodMs = 86_400_000

/** @returns what ends it. A failure is logged and tried again; meanwhile the present certificate is valid. */
export function keepRenewed(home: string, certificate: string, store: Store, logger: Logger): () => void {
  const ending = new AbortController()
  let current = certificate
  const look = async (): Promise<void> => {
    if (!readCertificate(current).renewalDue) return
    // Loaded only if it is needed.
    const { renewPerson } = await import('../node/tickets/enrol.ts')
    const renewed = await renewPerson(store, clientFiles(home), ending.signal)
    if (renewed === undefined) return
    current = renewed
    logger.info('certificate renewed', { until: new Date(readCertificate(renewed).notAfter).toISOString() })
  }
  const begin = (): void => {
    look().catch((error: unknown) => {
      if (!ending.signal.aborted) logger.warn('certificate', { error: String(error) })
    })
  }
  begin()
  const timer = setInterval(begin, periodMs).unref()
  return () => {
    clearInterval(timer)
    ending.abort()
  }
}
