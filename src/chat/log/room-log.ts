/**
 * A room's log between the store and this home: watched, judged record by record in order, stored in the replica,
 * reported to the listener. Only this class moves records; where the store differs from this home, the reconciler
 * decides.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import type { ConclaveError } from '../../base/errors.ts'
import { sliceMs } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Preverified } from '../../protocol/message.ts'
import { numberOf } from '../../protocol/paths.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Revision } from '../../store/store.ts'
import { Reconciler, type Damage, type ReconcilerParts } from '../reconcile/reconciler.ts'
import { logPages, recordsAmong } from '../replay/log-page.ts'
import { LogState, type AppliedRecord } from '../replay/log-state.ts'
import { preverify, type PreverifiedRecords } from '../replay/preverify.ts'
import { RoomKeys } from '../replay/room-keys.ts'
import { Replica } from '../replica/replica.ts'
import { hashOfRow } from '../replica/row.ts'
import { Recent } from './recent.ts'
import type { TailPreview } from './tail-preview.ts'
import { TailPreviewSlot } from './tail-preview-slot.ts'

export interface RoomLogListener {
  /** Records that are new here, in order, each once. */
  applied(records: readonly AppliedRecord[]): void
  /** While there is a preview of the newest records: these have arrived since, unnumbered, and are applied later. */
  previewed(records: readonly AppliedRecord[]): void
  /** With a preview shown, another part of the log has been read. */
  progressed(): void
  /** Everything has been read and counted, and the preview is over. */
  counted(): void
  damaged(damage: Damage): void
  /** This home's copy now ends earlier: others wrote there first, or it is read again with a late key. */
  diverged(): Promise<void>
  /** Progress of reconciling. */
  reconciling(): void
}

export class RoomLog {
  readonly replica: Replica
  readonly state: LogState
  readonly keys: RoomKeys
  readonly reconciler: Reconciler
  readonly #parts: ReconcilerParts
  readonly #listener: RoomLogListener
  readonly #recent = new Recent()
  readonly #previews: TailPreviewSlot
  /** Of the last record in the store: the next append compares it. */
  #tailRevision: Revision | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: ReconcilerParts, listener: RoomLogListener) {
    this.#parts = parts
    this.#listener = listener
    const replica = new Replica(parts.home, parts.roomId)
    const state = new LogState(parts.roomId, replica.seen)
    const keys = new RoomKeys(parts, state)
    this.replica = replica
    this.state = state
    this.keys = keys
    this.reconciler = new Reconciler(
      parts,
      { replica, state, keys },
      {
        damaged: (damage) => listener.damaged(damage),
        reconciling: () => listener.reconciling(),
        truncated: () => {
          this.#opened()
          return listener.diverged()
        },
      },
    )
    this.#previews = new TailPreviewSlot(parts, (records) => listener.previewed(records))
  }

  get room(): Room | undefined {
    return this.state.room
  }

  /** The newest records, while those before them are still being read. */
  get preview(): TailPreview | undefined {
    return this.#previews.current
  }

  /** Resolves at the first preview, if there ever is one. */
  get previewed(): Promise<void> {
    return this.#previews.first
  }

  /**
   * Index, predecessor's hash and its revision in the store for the next record; the revision is absent before the
   * first catch-up.
   */
  get end(): { readonly i: number; readonly previousHash: Bytes; readonly revision: Revision | undefined } {
    const { next, hash } = this.state.checkpoint
    return { i: next, previousHash: hash, revision: this.#tailRevision }
  }

  /** The judged records with from ≤ i < to, in order; read from disk unless they are among the newest. */
  async records(from: number, to: number): Promise<readonly AppliedRecord[]> {
    if (this.#recent.at(from) !== undefined) return this.#recent.from(from).filter(({ row }) => row.i < to)
    const rows = await this.replica.rows(Math.max(0, from - 1), to, to - from + 1)
    const records: AppliedRecord[] = []
    let previousHash = zeroHash
    let sliceEnds = performance.now() + sliceMs
    for (const row of rows) {
      if (performance.now() > sliceEnds) {
        await turn()
        sliceEnds = performance.now() + sliceMs
      }
      const place = { i: row.i, previousHash, hash: hashOfRow(row) }
      if (row.i >= from) records.push({ row, judgement: this.state.review(row, previousHash), place })
      previousHash = place.hash
    }
    return records
  }

  /** Why nothing can be appended to this log; undefined while it can. */
  get writeBlocker(): ConclaveError | undefined {
    return this.reconciler.writeBlocker
  }

  /** The keys of the current epoch, fetched from the store if need be. */
  async currentKeys(signal?: AbortSignal): Promise<EpochKeys | undefined> {
    let keys = await this.keys.current(signal)
    if (this.reconciler.hasLateKey) {
      await this.catchUp(signal)
      keys = await this.keys.current(signal)
    }
    await this.reconciler.saveKeys()
    return keys
  }

  /** Opens what the replica holds. Needs no store. */
  async load(): Promise<void> {
    await this.keys.load()
    await this.reconciler.open()
    this.#opened()
  }

  #opened(): void {
    this.keys.beginAgain()
    this.#recent.clear()
    this.#tailRevision = undefined
  }

  /** Reads everything that the store holds now. Resolves with the store's revision. */
  catchUp(signal?: AbortSignal): Promise<Revision> {
    return this.#inTurn(() => this.#catchUp(signal))
  }

  /** Checks the whole log, and restores what is missing inside it. */
  async repairAll(signal?: AbortSignal): Promise<void> {
    await this.#inTurn(() => this.reconciler.reconcile('all', signal))
  }

  /**
   * Whether the store, which held everything up to the last known record, has nothing new. Ignores metadata beside the
   * log, so nothing is written before `catchUp` has run.
   */
  isUnchanged(entries: readonly Entry[], revision: Revision): Promise<boolean> {
    return this.#inTurn(async () => {
      const { next } = this.state.checkpoint
      const [last] = entries
      if (last === undefined || entries.length > 1 || numberOf(last.key) !== next - 1) return false
      if (!this.reconciler.isSettled || this.preview !== undefined) return false
      if ((await this.replica.holds(next - 1, last.value)) !== true) return false
      this.#parts.incarnation.saw(revision)
      return true
    })
  }

  /** Takes records that were read anywhere: those that follow are applied, a gap is read from the store. */
  offer(entries: readonly Entry[], signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const records = recordsAmong(entries)
      // Followed without having been read: check the metadata beside the log now.
      if (this.#tailRevision === undefined && this.state.checkpoint.next > 0) return void (await this.#catchUp(signal))
      // Records behind a hole were not taken.
      const hadHole = this.reconciler.isTruncated
      await this.#take(records, false, signal)
      const isBehind = records.some(({ key }) => numberOf(key) >= this.state.checkpoint.next)
      if (isBehind || hadHole || this.reconciler.hasLateKey) await this.#catchUp(signal)
    })
  }

  async #catchUp(signal?: AbortSignal): Promise<Revision> {
    for (;;) {
      if ((await this.reconciler.prepare()).kind === 'truncated') continue
      if (this.#tailRevision === undefined) await this.#lookAhead(signal)
      if (this.reconciler.hasLateKey) continue
      const revision = await this.#readOn(signal)
      if (revision === undefined) continue
      this.#endPreview()
      await this.reconciler.withheld.caughtUp()
      return revision
    }
  }

  /** undefined when the log has changed and has to be read once more. */
  async #readOn(signal?: AbortSignal): Promise<Revision | undefined> {
    const { store, roomId, incarnation } = this.#parts
    const { next } = this.state.checkpoint
    let upTo: Revision | undefined
    // Starts at the last known record: is it still there, and at which revision?
    const prepare = (entries: readonly Entry[]) => preverify(roomId, entries, this.state.keyring, this.room)
    for await (const page of logPages(store, roomId, Math.max(0, next - 1), prepare, signal)) {
      const isFirst = upTo === undefined
      upTo = page.revision
      incarnation.saw(upTo)
      if (isFirst && next > 0 && !(await this.#stands(next - 1, page.entries[0]))) {
        return (await this.reconciler.reconcile('end', signal)).kind === 'blocked' ? upTo : undefined
      }
      await this.#take(isFirst && next > 0 ? page.entries.slice(1) : page.entries, isFirst, signal, page.prepared)
      if (this.preview !== undefined) this.#listener.progressed()
      if (this.reconciler.hasLateKey) return undefined
      const reached = this.state.checkpoint.next
      const left = page.entries.find(({ key }) => numberOf(key) >= reached)
      if (left === undefined) continue
      if (numberOf(left.key) === reached && !isFirst && !this.keys.departed) return undefined
      this.reconciler.endsHere(numberOf(left.key) > reached)
      return upTo
    }
    this.reconciler.endsHere(false)
    return upTo ?? 0
  }

  async #stands(i: number, entry: Entry | undefined): Promise<boolean> {
    if (entry === undefined || numberOf(entry.key) !== i) return false
    if ((await this.replica.holds(i, entry.value)) !== true) return false
    this.#tailRevision = entry.modRevision
    this.reconciler.confirmed(i)
    return true
  }

  /** With much to read, the newest end comes first. */
  async #lookAhead(signal?: AbortSignal): Promise<void> {
    await Promise.all([this.reconciler.withheld.readCard(signal), this.#previews.open(this.keys, this.state, signal)])
  }

  #endPreview(): void {
    const preview = this.#previews.end()
    if (preview === undefined) return
    this.keys.search.forget()
    this.#listener.counted()
    const since = this.#recent.from(preview.begun)
    if (since.length > 0) this.#listener.applied(since)
  }

  /** `sure`: the first of them was read together with the record before it, which is in the store. */
  async #take(
    entries: readonly Entry[],
    sure: boolean,
    signal?: AbortSignal,
    preverified?: PreverifiedRecords,
  ): Promise<void> {
    const applied: AppliedRecord[] = []
    let isSure = sure
    let sliceEnds = performance.now() + sliceMs
    for (const entry of entries) {
      const i = numberOf(entry.key)
      const { next } = this.state.checkpoint
      if (i > next) break
      if (i < next) {
        await this.#recheck(i, entry, signal)
        continue
      }
      const one = await this.#apply(entry.value, isSure, signal, preverified?.get(i))
      if (one === undefined) break
      isSure = true
      applied.push(one)
      this.#tailRevision = entry.modRevision
      if (this.reconciler.hasLateKey) break
      if (performance.now() < sliceEnds) continue
      this.#tell(applied)
      await turn()
      sliceEnds = performance.now() + sliceMs
    }
    this.#tell(applied)
    await this.reconciler.saveKeys()
  }

  /**
   * undefined where this member's part of the log ends (nothing is read after leaving or a kick), and for a record that
   * may follow a different one than was read.
   */
  async #apply(
    bytes: Bytes,
    sure: boolean,
    signal?: AbortSignal,
    preverified?: Preverified,
  ): Promise<AppliedRecord | undefined> {
    let judged = this.state.judge(bytes, preverified, this.preview?.hasVerified)
    if (judged.judgement.kind === 'locked' && (await this.keys.unlock(bytes, signal))) {
      if (this.reconciler.hasLateKey) return undefined
      judged = this.state.judge(bytes)
    }
    const { kind } = judged.judgement
    if (kind === 'locked' && this.keys.departed && !this.keys.hasFutureEpochKey) return undefined
    if (!sure && (kind === 'locked' || kind === 'void')) return undefined
    this.reconciler.check(bytes)
    const applied = this.state.apply(judged)
    this.#recent.add(applied)
    // Before the record that it opened: a copy can't be read without it.
    await this.reconciler.saveKeys()
    this.replica.append(applied.row, this.state.checkpoint, this.reconciler.witness(applied))
    await this.reconciler.note(applied, signal)
    return applied
  }

  /** What is read behind a preview is not news. */
  #tell(applied: AppliedRecord[]): void {
    const records = applied.splice(0)
    if (records.length > 0 && this.preview === undefined) this.#listener.applied(records)
  }

  /** A record that exists already: its bytes must be those that were read before. */
  async #recheck(i: number, entry: Entry, signal?: AbortSignal): Promise<void> {
    // This process's own records come through the watch too: no need to ask the disk.
    const recent = this.#recent.at(i)?.row.bytes
    const same = (recent !== undefined && equalBytes(recent, entry.value)) || (await this.replica.holds(i, entry.value))
    if (same === false) return void (await this.reconciler.reconcile(i, signal))
    this.reconciler.confirmed(i)
    if (i === this.state.checkpoint.next - 1) this.#tailRevision = entry.modRevision
  }

  /** Record i was deleted from the store. */
  async deleted(i: number | undefined, signal?: AbortSignal): Promise<void> {
    if (i === undefined || i >= this.state.checkpoint.next) return
    this.#listener.damaged({ i, reason: 'deleted from the store' })
    await this.#inTurn(async () => {
      await this.reconciler.reconcile(i, signal)
      // Restored records have new revisions.
      this.#tailRevision = undefined
      await this.#catchUp(signal)
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
