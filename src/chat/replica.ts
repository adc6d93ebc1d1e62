/**
 * This client's own copy of a room's log, on disk: the records as sealed as in the store, each with what was made of it
 * once. The screen opens from here, also offline, and what vanished from the store can be put back from here.
 */
import { concat, emptyBytes, equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { decode, encode, Fields, type Value } from '../base/codec.ts'
import { ConclaveError } from '../base/errors.ts'
import { messagesPerRecordMax, recordKeptBytesMax, replicaBatch } from '../base/limits.ts'
import { hashBytes, zeroHash } from '../crypto/hash.ts'
import { numberOf, type KeyRange } from '../protocol/paths.ts'
import { recordHash } from '../protocol/record.ts'
import type { Entry, Operation, Revision, Store } from '../store/store.ts'
import {
  attemptRange,
  checkpointKey,
  outboxRange,
  readKey,
  rememberedKey,
  replicaControlKey,
  replicaControlRange,
  replicaKey,
  roomDataRange,
  secretsKey,
  seenRange,
} from './local-paths.ts'
import type { LocalSeal } from './local-seal.ts'
import { readLocal } from './local-value.ts'
import { readOne } from './read-one.ts'
import { Seen, type PutOperation } from './seen.ts'

/** `locked`: sealed under an epoch whose secret this identity lacks. */
export const rowVerdicts = ['valid', 'void', 'locked'] as const
export type RowVerdict = (typeof rowVerdicts)[number]

export interface Row {
  readonly i: number
  /** Empty where `hashOnly` stands. */
  readonly bytes: Bytes
  /** Of a record that is too long to be one: no more than this is kept of it. */
  readonly hashOnly?: Bytes
  readonly verdict: RowVerdict
  /** The number of the first message in it; of the next one where it holds none. */
  readonly seq: number
  /** Which of its messages had been shown before. */
  readonly repeats: readonly number[]
  /** n of a valid control record. */
  readonly n: number | null
}

/** Everything before `next` has been judged. */
export interface Checkpoint {
  readonly next: number
  readonly hash: Bytes
  readonly seq: number
}

/** Judged and not yet on disk: the row, where its reading ended, and what it showed. */
interface Pending {
  readonly row: Row
  readonly checkpoint: Checkpoint
  readonly seen: PutOperation | undefined
}

/** Of a transaction that takes storeRequestBytesMax; the last row may go beyond by as much as a record holds. */
const replicaBatchBytes = 1_000_000

const copyOfRoom = 'the copy of a room'

const start: Checkpoint = { next: 0, hash: zeroHash, seq: 1 }

export class Replica {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #seal: LocalSeal
  readonly seen: Seen
  #pending: Pending[] = []
  /** At which the checkpoint was last read or written: other programs of this home write here too. */
  #revision: Revision = 0
  #writing: Promise<void> | undefined
  #failure: unknown

  constructor(home: Store, roomId: Bytes, seal: LocalSeal) {
    this.#home = home
    this.#roomId = roomId
    this.#seal = seal
    this.seen = new Seen(roomId)
  }

  async load(): Promise<Checkpoint> {
    const { start: key, end } = seenRange(this.#roomId)
    // In one transaction: what was seen is what was seen up to the checkpoint.
    const { reads } = await this.#home.commit({
      then: [
        { kind: 'read', key, end },
        { kind: 'read', key: checkpointKey(this.#roomId) },
      ],
    })
    this.seen.load(reads[0] ?? [])
    return this.#readCheckpoint(reads[1]?.[0])
  }

  #readCheckpoint(entry: Entry | undefined): Checkpoint {
    this.#revision = entry?.modRevision ?? 0
    return entry === undefined ? start : checkpointOf(entry)
  }

  /** The control records that were valid when they came, in order. */
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

  /** Takes a judged record; on disk soon, and before the next read of rows. */
  file(row: Row, checkpoint: Checkpoint): void {
    this.#pending.push({ row, checkpoint, seen: this.seen.takeChange() })
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Everything filed so far is on disk. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    while (this.#writing !== undefined) await this.#writing
    if (this.#failure === undefined) return
    const failure = this.#failure
    this.#failure = undefined
    throw failure as Error
  }

  async #write(): Promise<void> {
    // Lets what arrives in the same turn share a transaction.
    await new Promise(setImmediate)
    try {
      while (this.#pending.length > 0) {
        const batch = firstBatch(this.#pending)
        await this.#writeBatch(batch)
        this.#pending.splice(0, batch.length)
      }
    } catch (error) {
      // Nothing is left out: it is tried again with what comes next.
      this.#failure = error
    }
  }

  /**
   * Rows, what they showed and the checkpoint in one transaction: whatever is cut off, messages are neither taken for
   * seen that have no row, nor shown twice. Where another program of this home is further on, it has written all this.
   */
  async #writeBatch(batch: readonly Pending[]): Promise<void> {
    const { checkpoint } = batch.at(-1) as Pending
    const key = checkpointKey(this.#roomId)
    const value = encode([checkpoint.next, checkpoint.hash, checkpoint.seq])
    for (;;) {
      const { ok, revision, reads } = await this.#home.commit({
        if: [{ kind: 'revision', key, modRevision: this.#revision }],
        then: [...this.#rowsOf(batch), { kind: 'put', key, value }],
        else: [{ kind: 'read', key }],
      })
      if (ok) {
        this.#revision = revision
        return
      }
      const standing = this.#readCheckpoint(reads[0]?.[0])
      if (standing.next >= checkpoint.next) return
      if (standing.next < (batch[0] as Pending).row.i) throw forgotten()
    }
  }

  #rowsOf(batch: readonly Pending[]): readonly Operation[] {
    const operations: Operation[] = []
    const seen = new Map<string, Operation>()
    for (const { row, seen: change } of batch) {
      operations.push({ kind: 'put', key: replicaKey(this.#roomId, row.i), value: encode(rowValue(row)) })
      if (row.n !== null) {
        operations.push({ kind: 'put', key: replicaControlKey(this.#roomId, row.i), value: encode(row.i) })
      }
      if (change !== undefined) seen.set(hex(change.key), change)
    }
    return [...operations, ...seen.values()]
  }

  /** Up to `limit` rows with from ≤ i < to, in order of i; the last ones of them with `newest`. */
  async rows(from: number, to: number, limit: number, newest = false): Promise<readonly Row[]> {
    if (to <= from) return []
    await this.flush()
    const first = newest ? Math.max(from, to - limit) : from
    const { entries } = await this.#home.range(replicaKey(this.#roomId, first), replicaKey(this.#roomId, to), { limit })
    return entries.map(rowOf)
  }

  /** The index of the record that holds message `seq`, of which there must be one before `next`. */
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
    // Records without a message of their own carry the number of the next one: the last that is not beyond holds it.
    return Math.max(0, low - 1)
  }

  async secrets(): Promise<readonly (readonly [epoch: number, before: Bytes, confirm: Bytes, secret: Bytes])[]> {
    const entry = await readOne(this.#home, secretsKey(this.#roomId))
    if (entry === undefined) return []
    const plain = this.#seal.open(secretsKey(this.#roomId), entry.value)
    if (plain === undefined) return []
    return readLocal(copyOfRoom, () =>
      new Fields([decode(plain)], 1).array(Infinity).map((value) => {
        const fields = new Fields(value, 4)
        return [fields.unsigned(), fields.fixed(hashBytes), fields.fixed(hashBytes), fields.fixed(hashBytes)]
      }),
    )
  }

  async saveSecrets(secrets: readonly (readonly [number, Bytes, Bytes, Bytes])[]): Promise<void> {
    const key = secretsKey(this.#roomId)
    await this.#home.commit({ then: [{ kind: 'put', key, value: this.#seal.seal(key, encode(secrets)) }] })
  }

  async readUpTo(): Promise<number> {
    const entry = await readOne(this.#home, readKey(this.#roomId))
    return entry === undefined ? 0 : numberIn(entry.value)
  }

  async markRead(seq: number): Promise<void> {
    await this.#home.commit({ then: [{ kind: 'put', key: readKey(this.#roomId), value: encode(seq) }] })
  }

  /** Whether the replica holds these very bytes at i; undefined when it holds none. */
  async holds(i: number, bytes: Bytes): Promise<boolean | undefined> {
    const [row] = await this.rows(i, i + 1, 1)
    if (row?.hashOnly !== undefined) return equalBytes(row.hashOnly, recordHash(bytes))
    return row && equalBytes(row.bytes, bytes)
  }

  /** Where the copy ended when it was dropped, if it was: what is fetched anew must lead there. */
  async remembered(): Promise<Checkpoint | undefined> {
    const entry = await readOne(this.#home, rememberedKey(this.#roomId))
    return entry && checkpointOf(entry)
  }

  /** Drops the copy, unless something waits to be sent; how far one has read is kept. @returns whether it was dropped */
  async forget(): Promise<boolean> {
    const [copied, remembered] = [await this.load(), await this.remembered()]
    const { next, hash, seq } = remembered !== undefined && remembered.next > copied.next ? remembered : copied
    const [room, waiting, tried] = [roomDataRange, outboxRange, attemptRange].map((of) => of(this.#roomId)) as [
      KeyRange,
      KeyRange,
      KeyRange,
    ]
    const read = readKey(this.#roomId)
    const { ok } = await this.#home.commit({
      if: [{ kind: 'empty', key: waiting.start, end: waiting.end }],
      then: [
        { kind: 'delete', key: room.start, end: read },
        { kind: 'delete', key: concat(read, new Uint8Array(1)), end: room.end },
        { kind: 'delete', key: tried.start, end: tried.end },
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

/** Written on, the copy would have a hole. */
function forgotten(): ConclaveError {
  return new ConclaveError('closed', 'another program of this home has dropped the copy of this room', {
    hint: 'start again: the room is then fetched anew',
  })
}

/** What the next record's hash covers of this one. */
export function hashOfRow({ bytes, hashOnly }: Row): Bytes {
  return hashOnly ?? recordHash(bytes)
}

/** As many as a transaction takes: of bytes, and of operations, of which each needs two at most. */
function firstBatch(pending: readonly Pending[]): readonly Pending[] {
  let bytes = 0
  let count = 0
  while (count < pending.length && count < replicaBatch / 2 && bytes < replicaBatchBytes) {
    const { row, seen } = pending[count] as Pending
    bytes += row.bytes.length + (seen?.value.length ?? 0) + 400
    count += 1
  }
  return pending.slice(0, count)
}

function rowValue(row: Row): Value {
  const verdict = row.hashOnly === undefined ? rowVerdicts.indexOf(row.verdict) : rowVerdicts.length
  return [row.hashOnly ?? row.bytes, verdict, row.seq, row.repeats, row.n]
}

function rowOf(entry: Entry): Row {
  return readLocal(copyOfRoom, () => {
    const fields = Fields.decode(entry.value, 5)
    const bytes = fields.bytes(recordKeptBytesMax)
    const verdict = rowVerdicts[fields.unsigned(rowVerdicts.length)]
    return {
      i: numberOf(entry.key),
      ...(verdict === undefined ? { bytes: emptyBytes, hashOnly: bytes } : { bytes }),
      verdict: verdict ?? 'void',
      seq: fields.unsigned(),
      repeats: fields.array(messagesPerRecordMax).map((k) => new Fields([k], 1).unsigned(messagesPerRecordMax)),
      n: fields.nullable((at) => at.unsigned()),
    }
  })
}

function numberIn(value: Bytes): number {
  return readLocal(copyOfRoom, () => new Fields([decode(value)], 1).unsigned())
}
