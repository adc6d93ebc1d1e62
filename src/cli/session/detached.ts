/** A process that outlives the command that starts it; over a channel it reports its progress until it is ready. */
import type { ChildProcess } from 'node:child_process'
import { ConclaveError, errorCodes, type ErrorCode } from '../../base/errors.ts'

export type Message<Report> = { readonly kind: 'report'; readonly report: Report } | { readonly kind: 'ready' } | Failed

interface Failed {
  readonly kind: 'failed'
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
}

/** Detaches from `child` when it is ready; when aborted, tells it to end. @throws its failure, unexpected */
export async function untilReady<Report = never>(
  child: ChildProcess,
  what: string,
  signal: AbortSignal,
  onReport: (report: Report) => void = () => {},
): Promise<void> {
  const stop = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: Message<Report>) => {
        if (message.kind === 'report') onReport(message.report)
        else if (message.kind === 'ready') resolve()
        else reject(received(message))
      })
      child.once('error', reject)
      child.once('exit', (code) => {
        const ended = `${what} ended with exit code ${code} before it was ready`
        reject(signal.aborted ? (signal.reason as Error) : new ConclaveError('unexpected', ended))
      })
    })
  } finally {
    signal.removeEventListener('abort', stop)
    child.removeAllListeners()
    if (child.connected) child.disconnect()
    child.unref()
  }
}

/** In the child, while the command is there to listen. */
export function tell<Report>(message: Message<Report>): void {
  if (process.connected) process.send?.(message, () => {})
}

export function tellFailure(error: unknown): void {
  const { code, message, hint } = error instanceof ConclaveError ? error : unexpected(error)
  tell({ kind: 'failed', code, message, hint })
}

function received({ code, message, hint }: Failed): ConclaveError {
  const known: ErrorCode = errorCodes.find((one) => one === code) ?? 'unexpected'
  return new ConclaveError(known, message, hint === undefined ? {} : { hint })
}

function unexpected(error: unknown): ConclaveError {
  return new ConclaveError('unexpected', error instanceof Error ? error.message : String(error))
}
