/**
 * This client's copy of a room's log, on disk: the records as sealed as in the store, each with its verdict. The screen
 * opens from here, also offline, and lost records are restored from here.
 */
import { concat, equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import {
  replicaBatch,
  replicaBatchBytes,
  searchBlockRecords,
  seenPageBlocks,
  seenPagesAtOnce,
  seenRowsMax,
} from '../../base/limits.ts'
import { hashBytes, zeroHash } from '../../crypto/hash.ts'
import { numberOf } from '../../protocol/paths.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Entry, Operation, Revision, Store } from '../../store/store.ts'
import {
  attemptRange,
  checkpointKey,
  outboxRange,
  divergedKey,
  divergedRange,
  divergenceKey,
  readKey,
  rememberedKey,
  replicaControlKey,
  replicaControlRange,
  replicaKey,
  replicaRange,
  roomDataRange,
  roomTypedRange,
  searchKey,
  searchRange,
  seenPagesRange,
  seenRange,
} from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import { divergenceValue, readDivergence, type Divergence } from './divergence.ts'
import { copyOfRoom, rowOf, rowValue, type Row } from './row.ts'
import { mergedPages, Seen, type PutOperation } from './seen.ts'

/** Everything before `next` has been judged. */
export interface Checkpoint {
  readonly next: number
  readonly hash: Bytes
  readonly seq: number
}

/** Judged and not yet on disk: the row, the read position after it, and what else it changes. */
interface Pending {
  readonly row: Row
  readonly checkpoint: Checkpoint
  readonly puts: readonly PutOperation[]
}

const start: Checkpoint = { next: 0, hash: zeroHash, seq: 1 }

export class Replica {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly seen: Seen
  #pending: Pending[] = []
  /** The checkpoint as last read or written: other programs of this home write here too. */
  #revision: Revision = 0
  #next = 0
  #writing: Promise<void> | undefined
  #failure: unknown

  /** Another program of this home may be the first to notice a fork. */
  #divergences: readonly Divergence[] = []
  #interrupted: number | undefined
  #isStale = false
  /** Another program of this home has dropped the copy: no more writes. */
  #dropped = false

  constructor(home: Store, roomId: Bytes) {
    this.#home = home
    this.#roomId = roomId
    this.seen = new Seen(roomId)
  }

  /** The forks of the store's log from this copy, in order of time. */
  get divergences(): readonly Divergence[] {
    return this.#divergences
  }

  /** From where on rows were being archived when a program was interrupted. */
  get interruptedDivergence(): number | undefined {
    return this.#interrupted
  }

  /** Another program of this home is ahead of `next`. */
  isAheadOf(next: number): boolean {
    return this.#next > next
  }

  /** Another program of this home has archived rows: load again. */
  get isStale(): boolean {
    return this.#isStale
  }

  async load(): Promise<Checkpoint> {
    // Writes under way belong to the old copy; the rest of them is discarded.
    this.#pending = []
    while (this.#writing !== undefined) await this.#writing
    const { start: key, end } = seenRange(this.#roomId)
    const pages = seenPagesRange(this.#roomId)
    const diverged = divergedRange(this.#roomId)
    // One transaction, so that the shown messages match the checkpoint.
    const { reads } = await this.#home.commit({
      then: [
        { kind: 'read', key, end },
        { kind: 'read', key: checkpointKey(this.#roomId) },
        { kind: 'read', key: diverged.start, end: diverged.end },
        { kind: 'read', key: divergenceKey(this.#roomId) },
        { kind: 'read', key: pages.start, end: pages.end },
      ],
    })
    this.#failure = undefined
    this.#isStale = false
    this.#dropped = false
    const [seenRows = [], seenPages = []] = [reads[0], reads[4]]
    this.seen.load(seenRows, seenPages)
    this.#divergences = (reads[2] ?? []).map(({ value }) => readDivergence(value))
    const begun = reads[3]?.[0]
    this.#interrupted = begun && numberIn(begun.value)
    const checkpoint = this.#readCheckpoint(reads[1]?.[0])
    if (seenRows.length > seenRowsMax) await this.#mergeSeen(seenRows, seenPages.at(-1))
    return checkpoint
  }

  /** If another program of this home has written since, a later call does it. */
  async #mergeSeen(rows: readonly Entry[], lastPage: Entry | undefined): Promise<void> {
    const rowsAtOnce = seenPageBlocks * seenPagesAtOnce
    let page = lastPage === undefined ? 0 : numberOf(lastPage.key) + 1
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      const some = rows.slice(at, at + rowsAtOnce)
      const pages = mergedPages(this.#roomId, some, page)
      const [first, last] = [some[0] as Entry, some.at(-1) as Entry]
      const { ok } = await this.#home.commit({
        if: [
          { kind: 'revision', key: checkpointKey(this.#roomId), modRevision: this.#revision },
          this.sameDivergences,
          { kind: 'revision', key: divergenceKey(this.#roomId), modRevision: 0 },
        ],
        then: [{ kind: 'delete', key: first.key, end: concat(last.key, new Uint8Array(1)) }, ...pages],
      })
      if (!ok) return
      page += pages.length
    }
  }

  /** While it holds, no other program of this home has archived rows of this room. */
  get sameDivergences() {
    return { kind: 'revision', key: divergedKey(this.#roomId, this.#divergences.length), modRevision: 0 } as const
  }

  /**
   * Records that rows are about to be archived, so that an interrupted program resumes it. False: this copy is stale.
   */
  async beginDivergence(from: number): Promise<boolean> {
    const { ok } = await this.#home.commit({
      if: [this.sameDivergences],
      then: [{ kind: 'put', key: divergenceKey(this.#roomId), value: encode(from) }],
    })
    return ok
  }

  /**
   * Ends the copy before `divergence.from` and archives what was behind it. False: this copy is stale.
   * @param remembered where the log must lead again, if it is the same log
   */
  async finishDivergence(divergence: Divergence, checkpoint: Checkpoint, remembered?: Checkpoint): Promise<boolean> {
    const rows = { key: replicaKey(this.#roomId, divergence.from), end: replicaRange(this.#roomId).end }
    const controls = {
      key: replicaControlKey(this.#roomId, divergence.from),
      end: replicaControlRange(this.#roomId).end,
    }
    const block = Math.floor(divergence.from / searchBlockRecords)
    const summaries = { key: searchKey(this.#roomId, block), end: searchRange(this.#roomId).end }
    const { ok } = await this.#home.commit({
      if: [this.sameDivergences, { kind: 'revision', key: checkpointKey(this.#roomId), modRevision: this.#revision }],
      then: [
        { kind: 'put', key: divergedKey(this.#roomId, this.#divergences.length), value: divergenceValue(divergence) },
        { kind: 'put', key: checkpointKey(this.#roomId), value: checkpointValue(checkpoint) },
        { kind: 'delete', ...rows },
        { kind: 'delete', ...controls },
        { kind: 'delete', ...summaries },
        { kind: 'delete', key: divergenceKey(this.#roomId) },
        // The remembered end of an earlier copy doesn't apply to the new log.
        remembered === undefined
          ? { kind: 'delete', key: rememberedKey(this.#roomId) }
          : { kind: 'put', key: rememberedKey(this.#roomId), value: checkpointValue(remembered) },
      ],
    })
    return ok
  }

  #readCheckpoint(entry: Entry | undefined): Checkpoint {
    this.#revision = entry?.modRevision ?? 0
    const checkpoint = entry === undefined ? start : checkpointOf(entry)
    this.#next = checkpoint.next
    return checkpoint
  }

  /** The control records that were valid on arrival, in order. */
  async controls(): Promise<readonly Row[]> {
    const { start: from, end } = replicaControlRange(this.#roomId)
    const { entries } = await this.#home.range(from, end)
    const rows: Row[] = []
    for (let at = 0; at < entries.length; at += replicaBatch) {
      const reads = entries.slice(at, at + replicaBatch).map(({ value }): Operation => {
        return { kind: 'read', key: replicaKey(this.#roomId, numberIn(value)) }
      })
      const result = await this.#home.commit({ then: reads })
      for (const [entry] of result.reads) if (entry !== undefined) rows.push(rowOf(entry))
    }
    return rows
  }

  /** Takes a judged record, and what is to be on disk with it; soon, and before the next read of rows. */
  append(row: Row, checkpoint: Checkpoint, puts: readonly PutOperation[] = []): void {
    this.#pending.push({ row, checkpoint, puts: [...this.seen.takeChanges(), ...puts] })
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Resolves once everything appended so far is on disk. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    while (this.#writing !== undefined) await this.#writing
    if (this.#failure === undefined) return
    const failure = this.#failure
    this.#failure = undefined
    throw failure as Error
  }

  async #write(): Promise<void> {
    // Lets rows that arrive in the same turn share a transaction.
    await new Promise(setImmediate)
    try {
      while (this.#pending.length > 0) {
        const batch = firstBatch(this.#pending)
        await this.#writeBatch(batch)
        // They may have been dropped in the meantime, with others in their place.
        if (this.#pending[0] === batch[0]) this.#pending.splice(0, batch.length)
      }
    } catch (error) {
      // Nothing is lost: it is tried again with the next rows.
      this.#failure = error
    }
  }

  /**
   * Rows, what they showed and the checkpoint in one transaction: whatever is interrupted, no message counts as shown
   * without a row, or is shown twice. If another program of this home is ahead, it has written all this.
   */
  async #writeBatch(batch: readonly Pending[]): Promise<void> {
    const { checkpoint } = batch.at(-1) as Pending
    const key = checkpointKey(this.#roomId)
    const value = checkpointValue(checkpoint)
    while (this.#next < checkpoint.next) {
      if (this.#dropped) throw forgotten()
      const { ok, revision, reads } = await this.#home.commit({
        if: [{ kind: 'revision', key, modRevision: this.#revision }, this.sameDivergences],
        then: [...this.#rowsOf(batch), { kind: 'put', key, value }],
        else: [
          { kind: 'read', key },
          { kind: 'read', key: divergedKey(this.#roomId, this.#divergences.length) },
        ],
      })
      if (ok) {
        this.#revision = revision
        this.#next = checkpoint.next
        return
      }
      if (reads[1]?.[0] !== undefined) {
        // These rows belong to a log that no longer exists.
        this.#isStale = true
        return
      }
      const standing = this.#readCheckpoint(reads[0]?.[0])
      if (standing.next < (batch[0] as Pending).row.i) this.#dropped = true
      if (this.#dropped) throw forgotten()
    }
  }

  #rowsOf(batch: readonly Pending[]): readonly Operation[] {
    const operations: Operation[] = []
    const others = new Map<string, Operation>()
    for (const { row, puts } of batch) {
      operations.push({ kind: 'put', key: replicaKey(this.#roomId, row.i), value: encode(rowValue(row)) })
      if (row.n !== null) {
        operations.push({ kind: 'put', key: replicaControlKey(this.#roomId, row.i), value: encode(row.i) })
      }
      for (const put of puts) others.set(hex(put.key), put)
    }
    return [...operations, ...others.values()]
  }

  /** Up to `limit` rows with from ≤ i < to, in order of i; the last ones of them with `newest`. */
  async rows(from: number, to: number, limit: number, newest = false): Promise<readonly Row[]> {
    if (to <= from) return []
    await this.flush()
    const first = newest ? Math.max(from, to - limit) : from
    const { entries } = await this.#home.range(replicaKey(this.#roomId, first), replicaKey(this.#roomId, to), { limit })
    return entries.map(rowOf)
  }

  /** The index of the record that holds message `seq`, which must be before `next`. */
  async indexOfSeq(seq: number, next: number): Promise<number> {
    await this.flush()
    let low = 0
    let high = next
    while (low < high) {
      const middle = (low + high) >> 1
      const [row] = await this.rows(middle, middle + 1, 1)
      if (row !== undefined && row.seq <= seq) low = middle + 1
      else high = middle
    }
    // Records without a message carry the number of the next one: the last record that isn't beyond `seq` holds it.
    return Math.max(0, low - 1)
  }

  /** Whether the replica holds exactly these bytes at i; undefined when it holds none. */
  async holds(i: number, bytes: Bytes): Promise<boolean | undefined> {
    const [row] = await this.rows(i, i + 1, 1)
    if (row?.hashOnly !== undefined) return equalBytes(row.hashOnly, recordHash(bytes))
    return row && equalBytes(row.bytes, bytes)
  }

  /** Where a dropped copy ended: what is fetched again must lead there. */
  async remembered(): Promise<Checkpoint | undefined> {
    const entry = await readOne(this.#home, rememberedKey(this.#roomId))
    return entry && checkpointOf(entry)
  }

  /** Drops the copy and what was typed, unless something waits to be sent; the read mark is kept. @returns whether it was dropped */
  async forget(): Promise<boolean> {
    const [copied, remembered] = [await this.load(), await this.remembered()]
    const { next, hash, seq } = remembered !== undefined && remembered.next > copied.next ? remembered : copied
    const [room, typed] = [roomDataRange(this.#roomId), roomTypedRange(this.#roomId)]
    const [waiting, tried] = [outboxRange(this.#roomId), attemptRange(this.#roomId)]
    const read = readKey(this.#roomId)
    const { ok } = await this.#home.commit({
      if: [{ kind: 'empty', key: waiting.start, end: waiting.end }],
      then: [
        { kind: 'delete', key: room.start, end: read },
        { kind: 'delete', key: concat(read, new Uint8Array(1)), end: room.end },
        { kind: 'delete', key: tried.start, end: tried.end },
        { kind: 'delete', key: typed.start, end: typed.end },
        { kind: 'put', key: rememberedKey(this.#roomId), value: encode([next, hash, seq]) },
      ],
    })
    return ok
  }
}

function checkpointOf({ value }: Entry): Checkpoint {
  return readLocal(copyOfRoom, () => {
    const fields = Fields.decode(value, 3)
    return { next: fields.unsigned(), hash: fields.fixed(hashBytes), seq: fields.unsigned() }
  })
}

/** Continuing to write would leave a hole in the copy. */
function forgotten(): ConclaveError {
  return new ConclaveError('closed', 'Another program deleted this machine’s copy of the room', {
    hint: 'Start again to download it again.',
  })
}

function checkpointValue({ next, hash, seq }: Checkpoint): Bytes {
  return encode([next, hash, seq])
}

/** As many as fit a transaction, by bytes and by operations; one of them at least. */
function firstBatch(pending: readonly Pending[]): readonly Pending[] {
  let bytes = 0
  let operations = 0
  let count = 0
  for (const { row, puts } of pending) {
    operations += 1 + (row.n === null ? 0 : 1) + puts.length
    if (count > 0 && (operations > replicaBatch || bytes > replicaBatchBytes)) break
    bytes += row.bytes.length + 400 + puts.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    count += 1
  }
  return pending.slice(0, count)
}

function numberIn(value: Bytes): number {
  return readLocal(copyOfRoom, () => new Fields([decode(value)], 1).unsigned())
}
