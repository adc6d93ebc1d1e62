/**
 * Keeps the certificate of an open cluster valid: has it renewed before it expires, and takes up files that were
 * replaced since they were read, by this program or another.
 */
import type { Logger } from '../base/log.ts'
import { readCertificate } from '../node/certificates/check-certificate.ts'
import type { ClientTls } from '../node/certificates/credentials.ts'

/** Looks are frequent around the expiry. Timers stand still while a machine sleeps, so an hour is not too often. */
const [leastMs, mostMs] = [1000, 3_600_000]

export interface Renewal {
  /** Has the files replaced if they are still due. */
  renew(signal: AbortSignal): Promise<unknown>
  read(): Promise<ClientTls>
  /** Called with files that were replaced. */
  use(tls: ClientTls): void
}

/** @returns what ends it. A failure is logged and tried again; meanwhile the present certificate is valid. */
export function keepRenewed(tls: ClientTls, logger: Logger, renewal: Renewal): () => void {
  const ending = new AbortController()
  let current = tls
  let timer: NodeJS.Timeout | undefined
  let pauseMs = mostMs
  const look = async (): Promise<void> => {
    const { notAfter, renewalDue } = readCertificate(current.certificate)
    pauseMs = Math.min(mostMs, Math.max(leastMs, Math.abs(notAfter - Date.now()) / 8))
    if (!renewalDue) return
    await renewal.renew(ending.signal)
    const found = await renewal.read()
    if (ending.signal.aborted || found.certificate === current.certificate) return
    renewal.use(found)
    current = found
    logger.info('certificate replaced', { until: new Date(readCertificate(found.certificate).notAfter).toISOString() })
  }
  const keepLooking = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      if (!ending.signal.aborted) logger.warn('certificate', { error: String(error) })
    }
    if (!ending.signal.aborted) timer = setTimeout(() => void keepLooking(), pauseMs).unref()
  }
  void keepLooking()
  return () => {
    clearTimeout(timer)
    ending.abort()
  }
}
