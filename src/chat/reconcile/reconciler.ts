/**
 * Resolves differences between the store's log and what this home has read. Missing records are restored byte for byte;
 * where others wrote first, this home's records are archived and its own messages queued again.
 *
 * A different record with ours behind it is tampering, not a rollback: it is reported, and stays until a person asks
 * for the repair. Nothing is written to a store that this identity doesn't belong to.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { appendTriesMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Store } from '../../store/store.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import type { Identity } from '../identity/identity.ts'
import type { LogState, AppliedRecord } from '../replay/log-state.ts'
import type { RoomKeys } from '../replay/room-keys.ts'
import type { KeptWraps } from '../replica/kept-wraps.ts'
import type { Replica } from '../replica/replica.ts'
import type { PutOperation } from '../replica/seen.ts'
import { archiveDiverged, truncateForReplay, type Requeue } from './archive-diverged.ts'
import { compareWithStore, lastCommon, standsAt, type Differences, type Span } from './compare-with-store.ts'
import { DivergedRecords } from './diverged-records.ts'
import { LateKeys } from './late-keys.ts'
import { restoreMissing } from './restore-missing.ts'
import { TruncationCheck } from './truncation-check.ts'
import { evidenceIn, OtherBranches } from './other-branches.ts'
import { WithheldRecords } from './withheld-records.ts'

export type Outcome =
  /** The store holds what this home has read. */
  | { readonly kind: 'consistent' }
  /** This home's copy now ends earlier: read on from there. */
  | { readonly kind: 'truncated' }
  /** The difference stays: `writeBlocker` says why. */
  | { readonly kind: 'blocked' }

const consistent: Outcome = { kind: 'consistent' }

/** `end`: the newest record of this home; a number: record i and those behind it, as far as they differ. */
export type Scope = 'end' | 'all' | number

/** A record of the log was changed, or is missing. */
export interface Damage {
  readonly i: number
  readonly reason: string
}

export interface Progress {
  readonly done: number
  readonly total: number
}

export interface ReconcilerParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly log: Logger
  readonly outbox: Requeue
  readonly incarnation: StoreIdentity
  /** Whether this identity belongs to this store. */
  isOurs(signal?: AbortSignal): Promise<boolean>
}

/** What this home has of the room. */
export interface LocalCopy {
  readonly replica: Replica
  readonly state: LogState
  readonly keys: RoomKeys
}

export interface ReconcilerListener {
  damaged(damage: Damage): void
  /** This home's copy now ends earlier, and has been opened again. */
  truncated(): Promise<void>
  /** Progress, or a change of `changed` or `writeBlocker`. */
  reconciling(): void
}

export class Reconciler {
  /** Archived records of logs that the store no longer has. */
  readonly diverged: DivergedRecords
  /** Evidence of changes that the store withholds. */
  readonly withheld: WithheldRecords
  /** Evidence that members are shown another log. */
  readonly branches: OtherBranches
  readonly #parts: ReconcilerParts & LocalCopy & { readonly wraps: KeptWraps }
  readonly #listener: ReconcilerListener
  readonly #lateKeys: LateKeys
  readonly #truncation = new TruncationCheck()
  readonly #changedRecords = new Set<number>()
  #progress: Progress | undefined
  #restored = 0
  #stuck: ConclaveError | undefined
  /** The copy has records that could once be opened, and the secrets that opened them are gone. */
  #isLocked = false

  constructor(parts: ReconcilerParts, copy: LocalCopy, listener: ReconcilerListener) {
    this.#parts = { ...parts, ...copy, wraps: copy.keys.wraps, isOurs: (signal) => parts.isOurs(signal) }
    this.#listener = listener
    this.diverged = new DivergedRecords(parts.home, parts.roomId, copy.replica, copy.state)
    this.withheld = new WithheldRecords(this.#parts, copy.state)
    this.branches = new OtherBranches(this.#parts, copy.state)
    this.#lateKeys = new LateKeys(parts.home, copy.state, copy.keys)
  }

  /** While records are being restored. */
  get progress(): Progress | undefined {
    return this.#progress
  }

  /** How many records this process has restored. */
  get restored(): number {
    return this.#restored
  }

  /** Records that were replaced in the store, with ours behind them. */
  get changed(): ReadonlySet<number> {
    return this.#changedRecords
  }

  /** Why nothing may be appended to the store's log. */
  get writeBlocker(): ConclaveError | undefined {
    return this.#stuck ?? this.#truncation.found
  }

  /** When the log was last read, it had a hole or its end was missing. */
  get isTruncated(): boolean {
    return this.#truncation.found !== undefined
  }

  /** How many records this home knows of, including a dropped earlier copy. */
  get knownLength(): number {
    return this.#truncation.knownLength(this.#parts.state.checkpoint.next)
  }

  /** A key is taken without which earlier records could not be judged: `prepare` has them read again. */
  get hasLateKey(): boolean {
    return this.#lateKeys.from !== undefined
  }

  /** Nothing has to be read again or resolved, and this home has all the records it knows of. */
  get isSettled(): boolean {
    const { replica, state } = this.#parts
    if (replica.isStale || this.#isLocked || this.hasLateKey || this.writeBlocker !== undefined) return false
    return this.knownLength <= state.checkpoint.next
  }

  /** Opens this home's copy. First finishes an interrupted archival. */
  async open(): Promise<void> {
    const { replica, state } = this.#parts
    let controls
    for (;;) {
      const checkpoint = await replica.load()
      controls = await replica.controls()
      state.resume(checkpoint, controls)
      this.#isLocked = controls.length > 0 && state.room === undefined
      const from = replica.interruptedDivergence
      if (from === undefined) break
      await archiveDiverged(this.#parts, from)
    }
    await this.#lateKeys.load((await replica.rows(0, 1, 1))[0], controls)
    this.#truncation.remember(await replica.remembered())
    await this.diverged.load()
    await this.withheld.load()
    await this.branches.load()
  }

  /**
   * Runs before the log is read on: another program of this home may have archived records, or a key may have arrived
   * late.
   */
  async prepare(): Promise<Outcome> {
    const { replica } = this.#parts
    if (replica.isStale) return this.#reopen()
    const from = this.#isLocked ? 0 : this.#lateKeys.from
    if (from === undefined) return consistent
    this.withheld.willReplay()
    if (await truncateForReplay(this.#parts, from)) await this.#lateKeys.taken()
    return this.#reopen()
  }

  async #reopen(): Promise<Outcome> {
    await this.open()
    await this.#listener.truncated()
    return { kind: 'truncated' }
  }

  /** Throws if the record can't be the one that an earlier copy ended with. */
  check(bytes: Bytes): void {
    this.#truncation.check(this.#parts.state.checkpoint.next, bytes)
  }

  /** Called for each record, in order, once it has been applied; returns what is to be on disk together with it. */
  witness(applied: AppliedRecord): readonly PutOperation[] {
    this.#truncation.clear()
    const evidence = evidenceIn(applied, this.#parts.state)
    return [...this.withheld.note(applied, evidence), ...this.branches.note(applied, evidence)]
  }

  /** Called after that. */
  async note(applied: AppliedRecord, signal?: AbortSignal): Promise<void> {
    await this.#lateKeys.note(applied, signal)
  }

  /** Saves the secrets that have arrived; not before a late key's records have been dropped: else it is lost with them. */
  async saveKeys(): Promise<void> {
    if (this.hasLateKey) return
    await this.#lateKeys.keep()
    await this.#parts.keys.save()
  }

  /** Record i is in the store as it should be. */
  confirmed(i: number): void {
    if (i === this.#parts.state.checkpoint.next - 1) this.#stuck = undefined
    if (this.#changedRecords.delete(i)) this.#listener.reconciling()
  }

  /** The store shows nothing behind the checkpoint; with `hole`, something further on. */
  endsHere(hole: boolean): void {
    const { next } = this.#parts.state.checkpoint
    // What comes after leaving is not for this member.
    if (this.#parts.keys.departed) this.#truncation.clear()
    else if (this.#truncation.endsAt(next, hole)) this.#listener.damaged({ i: next, reason: 'missing from the store' })
  }

  /** Compares this home's copy with the store's log until they agree, restoring or archiving what differs. */
  async reconcile(scope: Scope, signal?: AbortSignal): Promise<Outcome> {
    const outcome = await this.#resolve(scope, signal)
    for (const i of this.#changedRecords) this.#listener.damaged({ i, reason: 'other than what was read before' })
    if (outcome.kind === 'blocked') {
      this.#listener.damaged({ i: this.#parts.state.checkpoint.next - 1, reason: 'missing' })
    }
    return outcome
  }

  async #resolve(scope: Scope, signal?: AbortSignal): Promise<Outcome> {
    try {
      for (let attempt = 0; attempt < appendTriesMax; attempt += 1) {
        const found = await this.#compare(scope, signal)
        if (found === undefined) return consistent
        if (!(await this.#belongs(signal))) return this.#block(elsewhere())
        for (const i of found.changed) this.#changedRecords.add(i)
        if (!(await this.#restoreAll(found.missing, signal))) {
          // Other clients do the same: each record needs it once.
          await sleep(Math.random() * 8, undefined, { signal })
          continue
        }
        if (found.fork !== undefined) return await this.#archive(found.fork)
      }
      return this.#block(new ConclaveError('unavailable', 'Gave up: the store keeps changing', { retryable: true }))
    } catch (error) {
      // Reading continues even if the store refuses writes.
      if (isConclaveError(error, 'store-full') || isConclaveError(error, 'not-allowed')) return this.#block(error)
      throw error
    } finally {
      this.#progress = undefined
      this.#listener.reconciling()
    }
  }

  /** undefined where nothing is to be restored or archived. */
  async #compare(scope: Scope, signal?: AbortSignal): Promise<Differences | undefined> {
    const { next } = this.#parts.state.checkpoint
    if (scope === 'end') {
      if (await standsAt(this.#parts, next - 1, signal)) return undefined
      const from = (await lastCommon(this.#parts, next - 1, signal)) + 1
      return compareWithStore(this.#parts, { from, to: next }, false, signal)
    }
    const from = scope === 'all' ? 0 : scope
    const found = await compareWithStore(this.#parts, { from, to: next }, scope !== 'all', signal)
    if (found.missing.length > 0 || found.fork !== undefined) return found
    for (const i of found.changed) this.#changedRecords.add(i)
    return undefined
  }

  /** From this record on the store has others, and its log wins. */
  async #archive(from: number): Promise<Outcome> {
    this.#parts.log.warn('room.diverged', { room: hex(this.#parts.roomId).slice(0, 8), from })
    await archiveDiverged(this.#parts, from)
    return this.#reopen()
  }

  #block(error: ConclaveError): Outcome {
    this.#stuck = error
    return { kind: 'blocked' }
  }

  /** The room's first record is there, or this identity belongs to the store. */
  async #belongs(signal?: AbortSignal): Promise<boolean> {
    return (await standsAt(this.#parts, 0, signal)) || this.#parts.isOurs(signal)
  }

  async #restoreAll(missing: readonly Span[], signal?: AbortSignal): Promise<boolean> {
    const total = missing.reduce((sum, { from, to }) => sum + to - from, 0)
    let done = 0
    const advance = (records: number): void => {
      done += records
      this.#restored += records
      this.#progress = { done, total }
      this.#listener.reconciling()
    }
    for (const span of missing) if (!(await restoreMissing(this.#parts, span, advance, signal))) return false
    return true
  }
}

function elsewhere(): ConclaveError {
  return new ConclaveError('tampering', 'This store doesn’t have the room and doesn’t know you', {
    hint: 'Check that this is the right store. Nothing was written to it.',
  })
}
