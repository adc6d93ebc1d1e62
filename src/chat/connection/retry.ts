/**
 * Retries a failed store operation. A failure is logged once until it is over, the store is checked once for it, and
 * nothing is tried while the store is unreachable.
 */
import { BackOff } from '../../base/back-off.ts'
import type { Clock } from '../../base/clock.ts'
import { isConclaveError } from '../../base/errors.ts'
import { retryMs, retryMsMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { StoreConnection } from './store-connection.ts'

export interface RetryParts {
  readonly connection: Pick<StoreConnection, 'state' | 'doubted' | 'whenOnline'>
  readonly clock: Clock
  readonly log: Logger
  /** How failures are logged, and for which room. */
  readonly event: string
  readonly room: string
}

export class Retry {
  readonly #parts: RetryParts
  readonly #backOff: BackOff
  #failure: string | undefined

  constructor(parts: RetryParts) {
    this.#parts = parts
    this.#backOff = new BackOff({ firstMs: retryMs, mostMs: retryMsMax, clock: parts.clock })
  }

  /** Whether the last try failed. */
  get failing(): boolean {
    return this.#failure !== undefined
  }

  succeeded(): void {
    this.#failure = undefined
    this.#backOff.succeeded()
  }

  /** Resolves when it is time to try again, or on abort. Never rejects. */
  async after(error: unknown, signal: AbortSignal): Promise<void> {
    const { connection, log, event, room } = this.#parts
    const failure = String(error)
    if (failure !== this.#failure) log.warn(event, { room, error: failure })
    // Damage to the local copy is not the store's fault.
    const isOfStore = isConclaveError(error) && error.code !== 'tampering'
    if (this.#failure === undefined && isOfStore) connection.doubted(error)
    this.#failure = failure
    if (connection.state.kind !== 'online') {
      await connection.whenOnline(signal)
      this.#backOff.succeeded()
    }
    await this.#backOff.pause(signal)
  }
}
