/**
 * A room's log between the store and this client's replica. Only this moves records: from the store (a watch, repaired
 * by range) through the ledger, which judges each once and in order, to the replica and to whoever listens.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { recentRecordsMax, sliceMs } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Random } from '../crypto/random.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { EpochKeys } from '../protocol/epoch.ts'
import type { Foreseen } from '../protocol/message.ts'
import { logIndexOf, logRange, numberOf } from '../protocol/paths.ts'
import { decodeRecord, recordHash } from '../protocol/record.ts'
import type { Room } from '../protocol/room.ts'
import type { Entry, Revision, Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import { ControlLog } from './control-log.ts'
import { KeySearch, type OpeningWraps } from './key-search.ts'
import { Ledger, type Filed, type Judgement } from './ledger.ts'
import { foresee, type Foresight } from './foresight.ts'
import type { Glimpse } from './glimpse.ts'
import { Glimpses } from './glimpses.ts'
import { logPages, recordsAmong } from './log-page.ts'
import { Replica, type Checkpoint } from './replica.ts'

export interface RoomLogParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly random: Random
  readonly log: Logger
}

/** A record of the log is not what it was, or missing. */
export interface Damage {
  readonly i: number
  readonly reason: string
}

export interface RoomLogListener {
  /** Records that are new here, in order, each once. */
  filed(records: readonly Filed[]): void
  /** There is a glimpse of the newest records, and these have come since: without numbers, and filed later. */
  glimpsed(records: readonly Filed[]): void
  /** Behind a glimpse another part of the log has been read. */
  progressed(): void
  /** All has been read and counted, and the glimpse is over. */
  counted(): void
  damaged(damage: Damage): void
}

export class RoomLog {
  readonly replica: Replica
  readonly ledger: Ledger
  readonly #parts: RoomLogParts
  readonly #controls: ControlLog
  readonly #keys: KeySearch
  readonly #listener: RoomLogListener
  /** At which the last record was read: what the next one's transaction compares. */
  #tailRevision: Revision | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #secretsSaved = 0
  /** Where an earlier copy ended. */
  #remembered: Checkpoint | undefined
  /** The newest records, opened. */
  readonly #recent: Filed[] = []
  readonly #glimpses: Glimpses

  constructor(parts: RoomLogParts, listener: RoomLogListener) {
    this.#parts = parts
    this.#listener = listener
    this.replica = new Replica(parts.home, parts.roomId, parts.identity.local)
    this.ledger = new Ledger(parts.roomId, this.replica.seen)
    const { store, identity, roomId } = parts
    this.#controls = new ControlLog(store, roomId)
    this.#glimpses = new Glimpses(parts, (records) => listener.glimpsed(records))
    this.#keys = new KeySearch(store, identity, roomId, this.ledger.keyring, this.#controls)
  }

  get room(): Room | undefined {
    return this.ledger.room
  }

  get keys(): KeySearch {
    return this.#keys
  }

  /** The newest records, while those before them are still being read. */
  get glimpse(): Glimpse | undefined {
    return this.#glimpses.current
  }

  /** Resolves at the first glimpse, if there ever is one. */
  get glimpsed(): Promise<void> {
    return this.#glimpses.first
  }

  /** Index, predecessor's hash and its revision in the store for the next record; the revision is absent before the first catch-up. */
  get end(): { readonly i: number; readonly previousHash: Bytes; readonly revision: Revision | undefined } {
    const { next, hash } = this.ledger.checkpoint
    return { i: next, previousHash: hash, revision: this.#tailRevision }
  }

  /** How many records this home knows of, also where an earlier copy of them was dropped. */
  get known(): number {
    return Math.max(this.ledger.checkpoint.next, this.#remembered?.next ?? 0)
  }

  /** One of the newest records, as it was judged. */
  recent(i: number): Filed | undefined {
    const first = this.#recent[0]
    return first && this.#recent[i - first.row.i]
  }

  /** The keys of the epoch in force, looked for in the store if need be. */
  async currentKeys(signal?: AbortSignal): Promise<EpochKeys | undefined> {
    const room = this.room
    const opening = room?.openings[room.epoch]
    if (opening === undefined) return undefined
    if (this.ledger.keyring.get(opening) === undefined) {
      await this.#keys.obtain(opening, this.#memberIndex(), signal)
      await this.#saveSecrets()
    }
    return this.ledger.keyring.get(opening)
  }

  /** Opens what the replica holds. Needs no store. */
  async load(): Promise<void> {
    const checkpoint = await this.replica.load()
    this.#remembered = await this.replica.remembered()
    for (const [epoch, before, confirm, secret] of await this.replica.secrets()) {
      this.ledger.keyring.addSecret(this.#parts.roomId, { epoch, before, confirm }, secret)
    }
    this.#secretsSaved = this.ledger.keyring.all().length
    this.ledger.resume(checkpoint, await this.replica.controls())
  }

  /** Reads everything that the store holds now. Resolves with the store's revision. */
  catchUp(signal?: AbortSignal): Promise<Revision> {
    return this.#inTurn(() => this.#catchUp(signal))
  }

  async #catchUp(signal?: AbortSignal): Promise<Revision> {
    const { store, roomId } = this.#parts
    if (this.#tailRevision === undefined) await this.#lookAhead(signal)
    const { next } = this.ledger.checkpoint
    let upTo = 0
    let first: Entry | undefined
    // From the last known record on: whether it still stands there, and at which revision.
    const prepare = (entries: readonly Entry[]) => foresee(roomId, entries, this.ledger.keyring.all())
    for await (const page of logPages(store, roomId, Math.max(0, next - 1), prepare, signal)) {
      const before = this.ledger.checkpoint.next
      await this.#take(page.entries, signal, page.prepared)
      if (this.glimpse !== undefined) this.#listener.progressed()
      first ??= page.entries[0]
      upTo = page.revision
      if (this.ledger.checkpoint.next === before) break
    }
    if (next > 0 && (first === undefined || numberOf(first.key) !== next - 1)) {
      this.#listener.damaged({ i: next - 1, reason: 'missing from the store' })
    }
    const end = this.ledger.checkpoint.next
    if (end < this.known && !this.#departed()) {
      this.#listener.damaged({ i: end, reason: 'missing from the store' })
    }
    this.#endGlimpse()
    return upTo
  }

  /** Where there is much to read, the newest is looked at first. */
  async #lookAhead(signal?: AbortSignal): Promise<void> {
    const memberIndex = this.#memberIndex()
    await this.#glimpses.open({ controls: this.#controls, keys: this.#keys, memberIndex }, this.ledger, signal)
  }

  #endGlimpse(): void {
    const glimpse = this.#glimpses.end()
    if (glimpse === undefined) return
    this.#controls.forget()
    this.#listener.counted()
    const since = this.#recent.filter(({ row }) => row.i >= glimpse.begun)
    if (since.length > 0) this.#listener.filed(since)
  }

  /** Follows the log until aborted; rejects when the store can't be followed any longer. */
  async follow(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    const { store, roomId } = this.#parts
    const { start, end } = logRange(roomId)
    const from = (await this.catchUp(signal)) + 1
    caughtUp()
    for await (const { events } of store.watch(start, end, { from, signal })) {
      const entries = events.flatMap((event) => (event.kind === 'put' ? [event.entry] : []))
      for (const event of events) if (event.kind === 'delete') this.#deleted(logIndexOf(event.key))
      await this.offer(entries, signal)
    }
  }

  /** Takes records that were read anywhere: those that follow are filed, a gap is read from the store. */
  offer(entries: readonly Entry[], signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const records = recordsAmong(entries)
      await this.#take(records, signal)
      const last = records.at(-1)
      if (last !== undefined && numberOf(last.key) >= this.ledger.checkpoint.next) await this.#catchUp(signal)
    })
  }

  async #take(entries: readonly Entry[], signal?: AbortSignal, foresight?: Foresight): Promise<void> {
    const filed: Filed[] = []
    let sliceEnds = performance.now() + sliceMs
    for (const entry of entries) {
      const i = numberOf(entry.key)
      const { next } = this.ledger.checkpoint
      if (i > next) break
      if (i < next) {
        await this.#recheck(i, entry)
        continue
      }
      const one = await this.#file(entry.value, signal, foresight?.get(i))
      if (one === undefined) break
      filed.push(one)
      this.#tailRevision = entry.modRevision
      if (performance.now() < sliceEnds) continue
      this.#tell(filed)
      await turn()
      sliceEnds = performance.now() + sliceMs
    }
    this.#tell(filed)
    await this.#saveSecrets()
  }

  /** What is read behind a glimpse is no news. */
  #tell(filed: Filed[]): void {
    const records = filed.splice(0)
    if (records.length > 0 && this.glimpse === undefined) this.#listener.filed(records)
  }

  /** A record that stands already: its bytes must be those that were read before. */
  async #recheck(i: number, entry: Entry): Promise<void> {
    const same = await this.replica.holds(i, entry.value)
    if (same === false) this.#listener.damaged({ i, reason: 'other than what was read before' })
    else if (i === this.ledger.checkpoint.next - 1) this.#tailRevision = entry.modRevision
  }

  #deleted(i: number | undefined): void {
    if (i !== undefined && i < this.ledger.checkpoint.next)
      this.#listener.damaged({ i, reason: 'deleted from the store' })
  }

  /** undefined where one's own part of the log ends: somebody who left or was kicked reads no further. */
  async #file(bytes: Bytes, signal?: AbortSignal, foreseen?: Foreseen): Promise<Filed | undefined> {
    let judgement = this.ledger.judge(bytes, foreseen, this.glimpse?.hasVerified)
    if (judgement.kind === 'locked' && (await this.#unlock(bytes, signal))) judgement = this.ledger.judge(bytes)
    if (judgement.kind === 'locked' && this.#departed()) return undefined
    this.#checkRemembered(bytes)
    const filed = this.ledger.file(bytes, judgement)
    this.#recent.push(filed)
    if (this.#recent.length > recentRecordsMax) this.#recent.shift()
    this.replica.file(filed.row, this.ledger.checkpoint)
    if (judgement.kind === 'control') await this.#rewrapped(judgement, bytes)
    return filed
  }

  /** Its hash covers all before it: one record tells whether they are those that were read before. */
  #checkRemembered(bytes: Bytes): void {
    const { next, hash } = this.#remembered ?? {}
    if (next !== this.ledger.checkpoint.next + 1 || hash === undefined || equalBytes(recordHash(bytes), hash)) return
    throw new ConclaveError('tampering', 'this room is not the one that was read here before', {
      hint: 'ask whoever runs the store; compare the head of conclave verify with another member’s',
    })
  }

  /** Looks for the secret without which the next record can't be judged. */
  async #unlock(bytes: Bytes, signal?: AbortSignal): Promise<boolean> {
    const { room, keyring } = this.ledger
    const opening = room === undefined ? genesisOpening(bytes) : room.openings[room.epoch]
    if (opening === undefined || keyring.get(opening) !== undefined) return false
    return this.#keys.obtain(opening, this.#memberIndex(), signal)
  }

  #departed(): boolean {
    const self = hex(this.#parts.identity.signer.publicKey)
    return this.room?.departures.has(self) === true && !this.room.members.has(self)
  }

  /** After a departure the old index is of no use: the next accept gives another. */
  #memberIndex(): number | undefined {
    const { identity, roomId } = this.#parts
    if (this.#departed()) return undefined
    const own = this.room?.members.get(hex(identity.signer.publicKey))
    return own?.index ?? identity.room(roomId)?.memberIndex ?? undefined
  }

  /** An accept of a present member carries the secret in force for him once more. */
  async #rewrapped(judgement: Judgement & { kind: 'control' }, bytes: Bytes): Promise<void> {
    if (judgement.body.operation.type !== 'accept') return
    const room = this.room
    const opening = room?.openings[room.epoch]
    if (opening === undefined || this.ledger.keyring.get(opening) !== undefined) return
    const record = decodeRecord(bytes)
    if (record.kind === 'control') await this.#keys.fromEntry(record.outer.outside, [opening])
  }

  async #saveSecrets(): Promise<void> {
    const all = this.ledger.keyring.all()
    if (all.length === this.#secretsSaved) return
    this.#secretsSaved = all.length
    await this.replica.saveSecrets(all.map(({ epoch, before, confirm, secret }) => [epoch, before, confirm, secret]))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function genesisOpening(bytes: Bytes): OpeningWraps | undefined {
  try {
    const record = decodeRecord(bytes)
    if (record.kind !== 'control') return undefined
    const { confirm, wraps, n, epoch } = record.outer.outside
    if (confirm === null || wraps === null || n !== 0 || epoch !== 0) return undefined
    return { epoch: 0, before: zeroHash, confirm, n: 0, wraps }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
