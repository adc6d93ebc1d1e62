/**
 * What a client does when the store's log is not what it has read: puts back what is missing, and finds out where others
 * went another way. Whatever the incarnation says, a remembered record that is missing or different is a restore.
 *
 * Something else in the place of one of our records, with records of ours behind it, is no restore but somebody's hand:
 * it is reported, and left as it is until a person asks for it to be set right.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { appendTriesMax } from '../../base/limits.ts'
import type { Store } from '../../store/store.ts'
import { compareWithStore, lastCommon, standsAt, type Differences, type Span } from './compare-with-store.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import type { KeptWraps } from '../replica/kept-wraps.ts'
import type { Ledger } from '../log/ledger.ts'
import { restoreMissing } from './restore-missing.ts'
import type { Replica } from '../replica/replica.ts'

export interface RepairerParts {
  readonly store: Store
  readonly roomId: Bytes
  readonly replica: Replica
  readonly ledger: Ledger
  readonly wraps: KeptWraps
  readonly life: StoreIdentity
  /** Whether this store is one in which this identity is at home. */
  isOurs(signal?: AbortSignal): Promise<boolean>
  changed(): void
}

export type RepairOutcome =
  | { readonly kind: 'mended' }
  /** From this record on others stand, and this home's are to be set aside. */
  | { readonly kind: 'diverged'; readonly from: number }
  /** It stays as it is: `stuck` says why. */
  | { readonly kind: 'stuck' }

export interface Progress {
  readonly done: number
  readonly total: number
}

export class Repairer {
  readonly #parts: RepairerParts
  readonly #changedRecords = new Set<number>()
  #progress: Progress | undefined
  #putBack = 0
  #stuck: ConclaveError | undefined

  constructor(parts: RepairerParts) {
    this.#parts = parts
  }

  /** While records are being put back. */
  get progress(): Progress | undefined {
    return this.#progress
  }

  /** Records that this process has put back. */
  get putBack(): number {
    return this.#putBack
  }

  /** Records in whose place something else stands, with ours behind it. */
  get changed(): ReadonlySet<number> {
    return this.#changedRecords
  }

  /** Why the store's log can't be brought to where this home's is. */
  get stuck(): ConclaveError | undefined {
    return this.#stuck
  }

  /** The newest record of this home does not stand in the store. */
  async repairEnd(signal?: AbortSignal): Promise<RepairOutcome> {
    const { next } = this.#parts.ledger.checkpoint
    return this.#repair(async () => {
      if (await standsAt(this.#parts, next - 1, signal)) return undefined
      const from = (await lastCommon(this.#parts, next - 1, signal)) + 1
      return compareWithStore(this.#parts, { from, to: next }, { ...(signal && { signal }) })
    }, signal)
  }

  /** Somebody deleted or changed record `i`. */
  repairAt(i: number, signal?: AbortSignal): Promise<RepairOutcome> {
    const { next } = this.#parts.ledger.checkpoint
    return this.#repair(async () => {
      const found = await compareWithStore(
        this.#parts,
        { from: i, to: next },
        { untilSame: true, ...(signal && { signal }) },
      )
      return found.missing.length > 0 || found.fork !== undefined ? found : this.#note(found)
    }, signal)
  }

  /** The whole log, from its first record on. */
  repairAll(signal?: AbortSignal): Promise<RepairOutcome> {
    const { next } = this.#parts.ledger.checkpoint
    return this.#repair(async () => {
      const found = await compareWithStore(this.#parts, { from: 0, to: next }, { ...(signal && { signal }) })
      return found.missing.length > 0 || found.fork !== undefined ? found : this.#note(found)
    }, signal)
  }

  #note({ changed }: Differences): undefined {
    for (const i of changed) this.#changedRecords.add(i)
    return undefined
  }

  /** The store's log is where this home's is. */
  reached(): void {
    this.#stuck = undefined
  }

  /** The record stands there as it should. */
  settled(i: number): void {
    if (this.#changedRecords.delete(i)) this.#parts.changed()
  }

  /** `look` says what is wrong, until nothing is. */
  async #repair(look: () => Promise<Differences | undefined>, signal?: AbortSignal): Promise<RepairOutcome> {
    try {
      for (let attempt = 0; attempt < appendTriesMax; attempt += 1) {
        const found = await look()
        if (found === undefined) return { kind: 'mended' }
        if (!(await this.#belongs(signal))) return this.#leave(elsewhere())
        this.#note(found)
        const { missing, fork } = found
        if (!(await this.#putAllBack(missing, signal))) {
          // Others do the same: each record needs it once.
          await sleep(Math.random() * 8, undefined, { signal })
          continue
        }
        if (fork !== undefined) return { kind: 'diverged', from: fork }
      }
      return this.#leave(new ConclaveError('unavailable', 'the store changes all the time', { retryable: true }))
    } catch (error) {
      // Reading goes on in a store that takes no more.
      if (isConclaveError(error, 'store-full') || isConclaveError(error, 'not-allowed')) return this.#leave(error)
      throw error
    } finally {
      this.#progress = undefined
      this.#parts.changed()
    }
  }

  #leave(error: ConclaveError): RepairOutcome {
    this.#stuck = error
    return { kind: 'stuck' }
  }

  /** The room's first record stands there, or the store is one of ours. */
  async #belongs(signal?: AbortSignal): Promise<boolean> {
    return (await standsAt(this.#parts, 0, signal)) || this.#parts.isOurs(signal)
  }

  async #putAllBack(missing: readonly Span[], signal?: AbortSignal): Promise<boolean> {
    const total = missing.reduce((sum, { from, to }) => sum + to - from, 0)
    let done = 0
    const advance = (records: number): void => {
      done += records
      this.#putBack += records
      this.#progress = { done, total }
      this.#parts.changed()
    }
    for (const span of missing) if (!(await restoreMissing(this.#parts, span, advance, signal))) return false
    return true
  }
}

function elsewhere(): ConclaveError {
  return new ConclaveError('tampering', 'this store does not have the room, nor does it know you', {
    hint: 'is it the store that you meant? Nothing of the room is put into another one',
  })
}
