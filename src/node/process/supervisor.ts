/** Keeps an etcd running: restarts it with exponential back-off until it is stopped or fails permanently. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConclaveError } from '../../base/errors.ts'
import { permanentFailure } from './permanent-failure.ts'
import type { RotatingLog } from './rotating-log.ts'
import { SupervisedProcess } from './supervised-process.ts'

export interface SupervisedProgram {
  readonly path: string
  /** Called before each start, since the arguments of a first start may change. */
  readonly arguments: () => Promise<readonly string[]>
  readonly data: string
}

export type SupervisorEvent =
  | { readonly kind: 'started'; readonly pid: number | undefined }
  | { readonly kind: 'ended'; readonly how: string; readonly restartInMs: number }

export interface BackOff {
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** A run this long resets the delay. */
  readonly resetAfterMs: number
}

const usual: BackOff = { firstDelayMs: 250, longestDelayMs: 30_000, resetAfterMs: 60_000 }

export class Supervisor {
  readonly #program: SupervisedProgram
  readonly #log: RotatingLog
  readonly #listener: (event: SupervisorEvent) => void
  readonly #backOff: BackOff
  readonly #stopping = new AbortController()
  /** The current process, until it is asked to end. */
  #child: SupervisedProcess | undefined
  /** Resolves to undefined when stopped, else to the permanent failure. Rejects when `arguments` does. */
  readonly done: Promise<ConclaveError | undefined>

  constructor(
    program: SupervisedProgram,
    log: RotatingLog,
    listener: (event: SupervisorEvent) => void = () => {},
    backOff: BackOff = usual,
  ) {
    this.#program = program
    this.#log = log
    this.#listener = listener
    this.#backOff = backOff
    this.done = this.#run()
    // A rejection is for those who await it.
    this.done.catch(() => {})
  }

  /** Resolves when the program has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.done.catch(() => {})
  }

  /** Restarts the program without delay; no effect on one that is waiting for its restart. */
  restart(): void {
    const child = this.#child
    this.#child = undefined
    void child?.stop()
  }

  async #run(): Promise<ConclaveError | undefined> {
    const { signal } = this.#stopping
    const { firstDelayMs, longestDelayMs, resetAfterMs } = this.#backOff
    let delayMs = firstDelayMs
    for (;;) {
      const args = await this.#program.arguments()
      if (signal.aborted) return undefined
      this.#log.clearTail()
      const child = new SupervisedProcess(this.#program.path, args, (chunk) => this.#log.write(chunk))
      this.#child = child
      const stop = (): void => void child.stop()
      signal.addEventListener('abort', stop)
      const startedAt = performance.now()
      this.#listener({ kind: 'started', pid: await child.pid })
      const { code, signal: death } = await child.exited
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return undefined
      const requested = this.#child === undefined
      this.#child = undefined
      if (requested) continue

      const failure = permanentFailure(this.#log.tail, this.#program.data)
      if (failure !== undefined) return failure
      if (performance.now() - startedAt > resetAfterMs) delayMs = firstDelayMs
      this.#listener({ kind: 'ended', how: death ?? `exit code ${code}`, restartInMs: delayMs })
      await sleep(delayMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return undefined
      delayMs = Math.min(delayMs * 2, longestDelayMs)
    }
  }
}
