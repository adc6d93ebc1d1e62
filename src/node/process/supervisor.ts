/**
 * Keeps an etcd running: starts it again when it ends, ever more slowly when it keeps ending, until it is told to stop
 * or ends for a reason that no restart mends.
 */
import type { ConclaveError } from '../../base/errors.ts'
import { fatalFailure } from './permanent-failure.ts'
import { GuardedProcess } from './supervised-process.ts'
import type { RotatingLog } from './rotating-log.ts'

export interface SupervisedProgram {
  readonly path: string
  /** Asked for before each start: what a first start needs may have changed. */
  readonly arguments: () => Promise<readonly string[]>
  readonly data: string
}

export type SupervisorEvent =
  | { readonly kind: 'started'; readonly pid: number | undefined }
  | { readonly kind: 'ended'; readonly how: string; readonly restartInMs: number }

export interface SupervisorTimes {
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** Having run so long counts as well again. */
  readonly wellAfterMs: number
}

const usual: SupervisorTimes = { firstDelayMs: 250, longestDelayMs: 30_000, wellAfterMs: 60_000 }

export class Supervisor {
  readonly #program: SupervisedProgram
  readonly #log: RotatingLog
  readonly #listener: (event: SupervisorEvent) => void
  readonly #times: SupervisorTimes
  readonly #stopping = new AbortController()
  /** The process that runs now, until it has been asked to end. */
  #child: GuardedProcess | undefined
  /** Settles when it is over: undefined when it was stopped, else why it can't go on. Rejects when `arguments` does. */
  readonly done: Promise<ConclaveError | undefined>

  constructor(
    program: SupervisedProgram,
    log: RotatingLog,
    listener: (event: SupervisorEvent) => void = () => {},
    times: SupervisorTimes = usual,
  ) {
    this.#program = program
    this.#log = log
    this.#listener = listener
    this.#times = times
    this.done = this.#run()
    // Whoever waits for it hears of a failure; nobody else must.
    this.done.catch(() => {})
  }

  /** Stops the program in order; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.done.catch(() => {})
  }

  /** Ends the program in order and starts it again at once; one that is not running just now is started anyway. */
  restart(): void {
    const child = this.#child
    this.#child = undefined
    void child?.stop()
  }

  async #run(): Promise<ConclaveError | undefined> {
    const { signal } = this.#stopping
    let delayMs = this.#times.firstDelayMs
    for (;;) {
      const args = await this.#program.arguments()
      if (signal.aborted) return undefined
      this.#log.clearTail()
      const child = new GuardedProcess(this.#program.path, args, (chunk) => this.#log.write(chunk))
      this.#child = child
      const stop = (): void => void child.stop()
      signal.addEventListener('abort', stop)
      const startedAt = performance.now()
      this.#listener({ kind: 'started', pid: await child.pid })
      const { code, signal: death } = await child.exited
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return undefined
      const ordered = this.#child === undefined
      this.#child = undefined
      if (ordered) continue

      const failure = fatalFailure(this.#log.tail, this.#program.data)
      if (failure !== undefined) return failure
      if (performance.now() - startedAt > this.#times.wellAfterMs) delayMs = this.#times.firstDelayMs
      this.#listener({ kind: 'ended', how: death ?? `exit code ${code}`, restartInMs: delayMs })
      await sleep(delayMs, signal)
      if (signal.aborted) return undefined
      delayMs = Math.min(delayMs * 2, this.#times.longestDelayMs)
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
