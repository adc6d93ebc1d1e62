/**
 * A room's log between the store and this client's replica. Only this moves records: from the store (a watch, repaired
 * by range) through the ledger, which judges each once and in order, to the replica and to whoever listens; and back,
 * where the store has lost what this home remembers.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { ConclaveError } from '../../base/errors.ts'
import { sliceMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Preverified } from '../../protocol/message.ts'
import { numberOf } from '../../protocol/paths.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Revision, Store } from '../../store/store.ts'
import { ControlLog } from './control-log.ts'
import type { Identity } from '../identity/identity.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import { KeptWraps } from '../replica/kept-wraps.ts'
import { KeySearch } from './key-search.ts'
import { KnownEnd } from '../replica/known-end.ts'
import { Ledger, type Filed } from './ledger.ts'
import { LateKeys } from '../reconcile/late-keys.ts'
import { WithheldRecords } from '../reconcile/withheld-records.ts'
import { preverify, type PreverifiedRecords } from './preverify.ts'
import type { TailPreview } from './tail-preview.ts'
import { TailPreviewSlot } from './tail-preview-slot.ts'
import { logPages, recordsAmong } from './log-page.ts'
import type { RoomLogListener } from './log-listener.ts'
import { DivergedRecords } from '../reconcile/diverged-records.ts'
import { Repairer, type RepairOutcome } from '../reconcile/repairer.ts'
import type { Outbox } from '../replica/outbox.ts'
import { Recent } from './recent.ts'
import { Replica } from '../replica/replica.ts'
import { RoomKeys } from './room-keys.ts'
import { RoomSecrets } from '../replica/room-secrets.ts'
import { discardForRereading, setDivergedAside } from '../reconcile/set-diverged-aside.ts'

export interface RoomLogParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly random: Random
  readonly log: Logger
  readonly outbox: Outbox
  readonly incarnation: StoreIdentity
  /** Whether this store is one in which this identity is at home. */
  isOurs(signal?: AbortSignal): Promise<boolean>
}

export class RoomLog {
  readonly replica: Replica
  readonly ledger: Ledger
  readonly wraps: KeptWraps
  readonly repairer: Repairer
  readonly keys: RoomKeys
  readonly diverged: DivergedRecords
  readonly withheld: WithheldRecords
  readonly #parts: RoomLogParts
  readonly #controls: ControlLog
  readonly #search: KeySearch
  readonly #secrets: RoomSecrets
  readonly #late: LateKeys
  readonly #listener: RoomLogListener
  /** At which the last record was read: what the next one's transaction compares. */
  #tailRevision: Revision | undefined
  /** The copy has records that were opened once, and the secrets that opened them are gone. */
  #isShut = false
  #turn: Promise<unknown> = Promise.resolve()
  readonly #end = new KnownEnd()
  readonly #recent = new Recent()
  readonly #previews: TailPreviewSlot

  constructor(parts: RoomLogParts, listener: RoomLogListener) {
    this.#parts = parts
    this.#listener = listener
    const { store, home, identity, roomId, incarnation: life } = parts
    this.replica = new Replica(home, roomId)
    this.ledger = new Ledger(roomId, this.replica.seen)
    this.wraps = new KeptWraps(home, roomId)
    this.withheld = new WithheldRecords({ ...parts, replica: this.replica }, this.ledger)
    this.diverged = new DivergedRecords(home, roomId, this.replica, this.ledger)
    this.#secrets = new RoomSecrets(home, roomId, identity.local)
    this.#controls = new ControlLog(store, roomId)
    this.#previews = new TailPreviewSlot(parts, (records) => listener.previewed(records))
    this.#search = new KeySearch(store, identity, roomId, this.ledger.keyring, this.#controls, this.wraps)
    this.keys = new RoomKeys(identity, this.ledger, this.#search)
    this.#late = new LateKeys(this.ledger, this.#controls, this.#search, this.keys)
    const { replica, ledger, wraps } = this
    const [isOurs, changed] = [(signal?: AbortSignal) => parts.isOurs(signal), () => listener.reconciling()]
    this.repairer = new Repairer({ store, roomId, replica, ledger, wraps, life, isOurs, changed })
  }

  get room(): Room | undefined {
    return this.ledger.room
  }

  /** The newest records, while those before them are still being read. */
  get preview(): TailPreview | undefined {
    return this.#previews.current
  }

  /** Resolves at the first preview, if there ever is one. */
  get previewed(): Promise<void> {
    return this.#previews.first
  }

  /** Index, predecessor's hash and its revision in the store for the next record; the revision is absent before the first catch-up. */
  get end(): { readonly i: number; readonly previousHash: Bytes; readonly revision: Revision | undefined } {
    const { next, hash } = this.ledger.checkpoint
    return { i: next, previousHash: hash, revision: this.#tailRevision }
  }

  /** How many records this home knows of, also where an earlier copy of them was dropped. */
  readonly known = (): number => this.#end.known(this.ledger.checkpoint.next)

  /** One of the newest records, as it was judged. */
  readonly recent = (i: number): Filed | undefined => this.#recent.at(i)

  /** The keys of the epoch in force, looked for in the store if need be. */
  async currentKeys(signal?: AbortSignal): Promise<EpochKeys | undefined> {
    let keys = await this.keys.current(signal)
    if (this.#late.from !== undefined) {
      await this.catchUp(signal)
      keys = await this.keys.current(signal)
    }
    await this.#secrets.save(this.ledger.keyring)
    return keys
  }

  /** Why nothing can be put behind the end of this log; undefined while it can. */
  get writeBlocker(): ConclaveError | undefined {
    return this.repairer.stuck ?? this.#end.broken
  }

  /** Opens what the replica holds. Needs no store. */
  async load(): Promise<void> {
    await this.#secrets.load(this.ledger.keyring)
    await this.#open()
  }

  /** What a program that was cut off had begun to set aside is set aside first. */
  async #open(): Promise<void> {
    for (;;) {
      const checkpoint = await this.replica.load()
      const controls = await this.replica.controls()
      this.ledger.resume(checkpoint, controls)
      this.#isShut = controls.length > 0 && this.ledger.room === undefined
      const from = this.replica.begunDivergence
      if (from === undefined) break
      await setDivergedAside({ ...this.#parts, replica: this.replica, ledger: this.ledger }, from)
    }
    this.#late.load((await this.replica.rows(0, 1, 1))[0])
    this.#end.remember(await this.replica.remembered())
    await this.diverged.load()
    await this.withheld.load()
    this.#recent.clear()
    this.#tailRevision = undefined
  }

  /** Reads everything that the store holds now. Resolves with the store's revision. */
  catchUp(signal?: AbortSignal): Promise<Revision> {
    return this.#inTurn(() => this.#catchUp(signal))
  }

  async #catchUp(signal?: AbortSignal): Promise<Revision> {
    for (;;) {
      if (this.replica.outrun) await this.#diverge(undefined)
      if (this.#isShut) await this.#readAgain(0)
      if (this.#late.from !== undefined) await this.#readAgain(this.#late.from)
      if (this.#tailRevision === undefined) await this.#lookAhead(signal)
      const revision = await this.#readOn(signal)
      if (revision === undefined) continue
      this.#endPreview()
      await this.withheld.caughtUp()
      return revision
    }
  }

  /** undefined when the log has to be looked at once more: it is not what it was. */
  async #readOn(signal?: AbortSignal): Promise<Revision | undefined> {
    const { store, roomId, incarnation } = this.#parts
    const { next } = this.ledger.checkpoint
    let upTo: Revision | undefined
    // From the last known record on: whether it still stands there, and at which revision.
    const prepare = (entries: readonly Entry[]) => preverify(roomId, entries, this.ledger.keyring.all())
    for await (const page of logPages(store, roomId, Math.max(0, next - 1), prepare, signal)) {
      const isFirst = upTo === undefined
      upTo = page.revision
      incarnation.saw(upTo)
      if (isFirst && next > 0) {
        if (!(await this.#stands(next - 1, page.entries[0]))) {
          return (await this.#reconciled(await this.repairer.repairEnd(signal))) ? undefined : upTo
        }
        this.repairer.reached()
      }
      await this.#take(isFirst && next > 0 ? page.entries.slice(1) : page.entries, isFirst, signal, page.prepared)
      if (this.preview !== undefined) this.#listener.progressed()
      if (this.#late.from !== undefined) return undefined
      const reached = this.ledger.checkpoint.next
      const left = page.entries.find(({ key }) => numberOf(key) >= reached)
      if (left === undefined) continue
      if (numberOf(left.key) === reached && !isFirst && !this.keys.departed) return undefined
      this.#breakOff(numberOf(left.key) > reached)
      return upTo
    }
    this.#breakOff(false)
    return upTo ?? 0
  }

  /** The log ends here, or has a hole: whether that is where it ended before. */
  #breakOff(hole: boolean): void {
    const { next } = this.ledger.checkpoint
    if (this.keys.departed) this.#end.goesOn()
    else if (this.#end.reached(next, hole)) this.#listener.damaged({ i: next, reason: 'missing from the store' })
  }

  /** Looks at the whole log, and puts back what is missing in the middle of it. */
  async repairAll(signal?: AbortSignal): Promise<void> {
    await this.#inTurn(async () => this.#reconciled(await this.repairer.repairAll(signal)))
  }

  /** Whether there is something new to look at. */
  async #reconciled(outcome: RepairOutcome): Promise<boolean> {
    for (const i of this.repairer.changed) this.#listener.damaged({ i, reason: 'other than what was read before' })
    if (outcome.kind === 'stuck') this.#listener.damaged({ i: this.ledger.checkpoint.next - 1, reason: 'missing' })
    if (outcome.kind === 'diverged') await this.#diverge(outcome.from)
    return outcome.kind !== 'stuck'
  }

  /** Sets this home's records aside from there on, unless another program of this home has done it already. */
  async #diverge(from: number | undefined): Promise<void> {
    if (from !== undefined) {
      this.#parts.log.warn('room.parted', { room: hex(this.#parts.roomId).slice(0, 8), from })
      await setDivergedAside({ ...this.#parts, replica: this.replica, ledger: this.ledger }, from)
    }
    await this.#open()
    await this.#listener.diverged()
  }

  /** A secret has come that records from there on could not be judged without. */
  async #readAgain(from: number): Promise<void> {
    this.withheld.willReadAgain()
    await discardForRereading({ ...this.#parts, replica: this.replica, ledger: this.ledger }, from)
    await this.#diverge(undefined)
  }

  async #stands(i: number, entry: Entry | undefined): Promise<boolean> {
    if (entry === undefined || numberOf(entry.key) !== i) return false
    if ((await this.replica.holds(i, entry.value)) !== true) return false
    this.#tailRevision = entry.modRevision
    return true
  }

  /** Where there is much to read, the newest is looked at first. */
  async #lookAhead(signal?: AbortSignal): Promise<void> {
    const found = { controls: this.#controls, keys: this.#search, memberIndex: this.keys.memberIndex }
    await Promise.all([this.withheld.readCard(signal), this.#previews.open(found, this.ledger, signal)])
  }

  #endPreview(): void {
    const preview = this.#previews.end()
    if (preview === undefined) return
    this.#controls.forget()
    this.#listener.counted()
    const since = this.#recent.from(preview.begun)
    if (since.length > 0) this.#listener.filed(since)
  }

  /** Whether the store, which held this from the last known record on, has nothing new. What stands beside it isn't read. */
  isUnchanged(entries: readonly Entry[], revision: Revision): Promise<boolean> {
    return this.#inTurn(async () => {
      const { next } = this.ledger.checkpoint
      const [last] = entries
      const isShort = this.writeBlocker !== undefined || this.known() > next
      if (last === undefined || entries.length > 1 || numberOf(last.key) !== next - 1 || isShort) return false
      if (this.replica.outrun || this.#isShut || this.#late.from !== undefined || this.preview) return false
      const isSame = (await this.replica.holds(next - 1, last.value)) === true
      if (isSame) this.#parts.incarnation.saw(revision)
      return isSame
    })
  }

  /** Takes records that were read anywhere: those that follow are filed, a gap is read from the store. */
  offer(entries: readonly Entry[], signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const records = recordsAmong(entries)
      // Followed without having been read: what stands beside the log is looked at now.
      if (this.#tailRevision === undefined && this.ledger.checkpoint.next > 0) return void (await this.#catchUp(signal))
      const broken = this.#end.broken !== undefined
      await this.#take(records, false, signal)
      const behind = records.some(({ key }) => numberOf(key) >= this.ledger.checkpoint.next)
      // What stands behind a hole was passed over.
      if (behind || broken || this.#late.from !== undefined) await this.#catchUp(signal)
    })
  }

  /** `sure`: the first of them was read together with the record before it, which stands there. */
  async #take(
    entries: readonly Entry[],
    sure: boolean,
    signal?: AbortSignal,
    preverified?: PreverifiedRecords,
  ): Promise<void> {
    const filed: Filed[] = []
    let isSure = sure
    let sliceEnds = performance.now() + sliceMs
    for (const entry of entries) {
      const i = numberOf(entry.key)
      const { next } = this.ledger.checkpoint
      if (i > next) break
      if (i < next) {
        await this.#recheck(i, entry, signal)
        continue
      }
      const one = await this.#file(entry.value, isSure, signal, preverified?.get(i))
      if (one === undefined) break
      isSure = true
      filed.push(one)
      this.#tailRevision = entry.modRevision
      if (this.#late.from !== undefined) break
      if (performance.now() < sliceEnds) continue
      this.#tell(filed)
      await turn()
      sliceEnds = performance.now() + sliceMs
    }
    this.#tell(filed)
    await this.#saveSecrets()
  }

  /** Not before what they open has been let go: whoever is cut off in between finds them anew. */
  async #saveSecrets(): Promise<void> {
    if (this.#late.from === undefined) await this.#secrets.save(this.ledger.keyring)
  }

  /** What is read behind a preview is no news. */
  #tell(filed: Filed[]): void {
    const records = filed.splice(0)
    if (records.length > 0 && this.preview === undefined) this.#listener.filed(records)
  }

  /** A record that stands already: its bytes must be those that were read before. */
  async #recheck(i: number, entry: Entry, signal?: AbortSignal): Promise<void> {
    // What one has just written oneself comes by the watch, too: the disk need not be asked.
    const recent = this.#recent.at(i)?.row.bytes
    const same = (recent !== undefined && equalBytes(recent, entry.value)) || (await this.replica.holds(i, entry.value))
    if (same === false) return void (await this.#reconciled(await this.repairer.repairAt(i, signal)))
    this.repairer.settled(i)
    if (i === this.ledger.checkpoint.next - 1) this.#tailRevision = entry.modRevision
  }

  async deleted(i: number | undefined, signal?: AbortSignal): Promise<void> {
    if (i === undefined || i >= this.ledger.checkpoint.next) return
    this.#listener.damaged({ i, reason: 'deleted from the store' })
    await this.#inTurn(async () => {
      await this.#reconciled(await this.repairer.repairAt(i, signal))
      // Records put back stand at other revisions.
      this.#tailRevision = undefined
      await this.#catchUp(signal)
    })
  }

  /**
   * undefined where one's own part of the log ends (somebody who left or was kicked reads no further), and for a record
   * that may follow another than the one that was read.
   */
  async #file(
    bytes: Bytes,
    sure: boolean,
    signal?: AbortSignal,
    preverified?: Preverified,
  ): Promise<Filed | undefined> {
    let judged = this.ledger.judge(bytes, preverified, this.preview?.hasVerified)
    if (judged.judgement.kind === 'locked' && (await this.keys.unlock(bytes, signal))) {
      if (this.#late.from !== undefined) return undefined
      judged = this.ledger.judge(bytes)
    }
    const { kind } = judged.judgement
    if (kind === 'locked' && this.keys.departed && !this.keys.hasFutureEpochKey) return undefined
    if (!sure && (kind === 'locked' || kind === 'void')) return undefined
    this.#end.check(this.ledger.checkpoint.next, bytes)
    const filed = this.ledger.file(judged)
    this.#end.goesOn()
    this.#recent.add(filed)
    // Before the record that it opened: a copy can't be read without.
    await this.#saveSecrets()
    this.replica.file(filed.row, this.ledger.checkpoint)
    await this.withheld.note(filed)
    await this.#late.note(filed, signal)
    return filed
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
