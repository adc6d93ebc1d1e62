/**
 * A world whose store can be set back to an earlier copy of itself while people use it, as by whoever restores a backup:
 * every connection breaks, and what answers afterwards is the copy.
 */
import { ConclaveError } from '../../../src/base/errors.ts'
import { renewStoreIdentity } from '../../../src/chat/connection/store-identity.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import type {
  CommitResult,
  Entry,
  Lease,
  RangeOptions,
  RangeResult,
  Store,
  StoreCapabilities,
  Transaction,
  WatchBatch,
  WatchOptions,
} from '../../../src/store/store.ts'
import { world, type World } from '../world.ts'

/** Everything that a store held at a moment. */
export type Copy = readonly Entry[]

/** `same`: the copy has the incarnation that it had. `new`: whoever restored it began a new life. */
export const lives = ['same', 'new'] as const
export type RestoredLife = (typeof lives)[number]

export interface RestorableWorld extends World {
  /** What stands in the store now. */
  readonly raw: Store
  copy(): Promise<Copy>
  setBack(copy: Copy, life: RestoredLife): Promise<void>
}

export function restorableWorld(homes: World['kind'] = 'memory'): RestorableWorld {
  const shared = new SharedStore()
  const machines = world(homes)
  return {
    kind: 'memory',
    raw: shared.handle(),
    openStore: async () => shared.handle(),
    machine: () => machines.machine(),
    copy: () => shared.copy(),
    setBack: (copy, life) => shared.setBack(copy, life),
  }
}

const [first, last] = [Uint8Array.of(0), Uint8Array.of(0xff)]

class SharedStore {
  current = new MemoryStore()
  broken = new AbortController()

  handle(): Store {
    return new Handle(this)
  }

  async copy(): Promise<Copy> {
    return (await this.current.range(first, last)).entries
  }

  async setBack(copy: Copy, life: RestoredLife): Promise<void> {
    const restored = new MemoryStore()
    for (const { key, value } of copy) await restored.commit({ then: [{ kind: 'put', key, value }] })
    if (life === 'new') await renewStoreIdentity(restored, systemRandom)
    this.current = restored
    const { broken } = this
    this.broken = new AbortController()
    broken.abort()
  }
}

class Handle implements Store {
  readonly #shared: SharedStore
  readonly #closing = new AbortController()

  constructor(shared: SharedStore) {
    this.#shared = shared
  }

  get capabilities(): StoreCapabilities {
    return this.#shared.current.capabilities
  }

  async range(start: Uint8Array, end: Uint8Array, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult> {
    this.#enter()
    return this.#shared.current.range(start, end, options, signal)
  }

  async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.#enter()
    return this.#shared.current.commit(transaction, signal)
  }

  async *watch(start: Uint8Array, end: Uint8Array, options: WatchOptions = {}): AsyncGenerator<WatchBatch, void> {
    this.#enter()
    const broken = this.#shared.broken.signal
    const signals = [broken, this.#closing.signal, ...(options.signal ? [options.signal] : [])]
    yield* this.#shared.current.watch(start, end, { ...options, signal: AbortSignal.any(signals) })
    if (broken.aborted) throw new ConclaveError('unavailable', 'the store was restarted', { retryable: true })
  }

  lease(ttlS: number, signal?: AbortSignal): Promise<Lease> {
    this.#enter()
    return this.#shared.current.lease(ttlS, signal)
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  #enter(): void {
    if (this.#closing.signal.aborted) throw new ConclaveError('closed', 'This store is closed')
  }
}
