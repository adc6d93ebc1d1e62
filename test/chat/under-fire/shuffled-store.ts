/**
 * A store that answers after a while drawn from a seed, so that people in one process overtake each other differently each
 * time. In bad weather requests and answers are lost too, and what is followed breaks off.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type {
  CommitResult,
  Lease,
  RangeOptions,
  RangeResult,
  Store,
  StoreCapabilities,
  Transaction,
  WatchBatch,
  WatchOptions,
} from '../../../src/store/store.ts'
import { ConclaveError } from '../../../src/base/errors.ts'
import type { Dice } from '../../protocol/seeded.ts'

/** Turns of the event loop, at most, before a request arrives and before its answer does. */
const turnsMax = 4

/** The same for everybody. */
export interface Weather {
  /** How likely it is that a request is lost, its answer, or what is followed. */
  loss: number
}

export class ShuffledStore implements Store {
  readonly #store: Store
  readonly #dice: Dice
  readonly #weather: Weather

  constructor(store: Store, dice: Dice, weather: Weather = { loss: 0 }) {
    this.#store = store
    this.#dice = dice
    this.#weather = weather
  }

  get capabilities(): StoreCapabilities {
    return this.#store.capabilities
  }

  async range(start: Uint8Array, end: Uint8Array, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult> {
    await this.#dawdle()
    const result = await this.#store.range(start, end, options, signal)
    await this.#dawdle()
    return result
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    await this.#dawdle()
    const result = await this.#store.commit(transaction, signal)
    await this.#dawdle()
    return result
  }

  async *watch(start: Uint8Array, end: Uint8Array, options?: WatchOptions): AsyncGenerator<WatchBatch, void> {
    for await (const batch of this.#store.watch(start, end, options)) {
      await this.#dawdle()
      yield batch
      this.#lose('what was followed')
    }
  }

  lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    return this.#store.lease(ttlS, signal)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #dawdle(): Promise<void> {
    this.#lose('a request, or its answer,')
    for (let turns = this.#dice.below(turnsMax + 1); turns > 0; turns -= 1) await turn()
  }

  #lose(what: string): void {
    if (!this.#dice.chance(this.#weather.loss)) return
    throw new ConclaveError('unavailable', `${what} was lost`, { retryable: true })
  }
}
