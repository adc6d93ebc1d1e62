/**
 * The newest end of a room's log, shown while everything before it is still being read, so that nobody waits for a long
 * history. Everything shown is verified: the whole control chain, each message's signature and its predecessor's hash.
 * It can't know the messages' numbers, or whether one repeats an older one: nothing is written based on it, and once
 * the rest has been read, that decides (ADR 0015).
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { zeroHash } from '../../crypto/hash.ts'
import { numberOf } from '../../protocol/paths.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Revision } from '../../store/store.ts'
import { preverify } from '../replay/preverify.ts'
import type { AppliedRecord, LogState } from '../replay/log-state.ts'

/** The records with from ≤ i < to; undefined if one of them is missing. */
export type ReadRecords = (from: number, to: number, signal?: AbortSignal) => Promise<readonly Entry[] | undefined>

export class TailPreview {
  /** Where the log ended when this was opened … */
  readonly begun: number
  /** … and a watch from the next revision on misses nothing. */
  readonly revision: Revision
  readonly #state: LogState
  readonly #read: ReadRecords
  /** Whether the signatures in a control record with this hash are known to be valid. */
  readonly hasVerified: (hash: Bytes) => boolean
  /** The newest records, without a gap up to the end. */
  readonly #newest: AppliedRecord[] = []

  /**
   * @param state has folded the whole chain, and is at the end of the log.
   * @param verified hashes (hexadecimal) of the control records that it found valid.
   */
  constructor(state: LogState, verified: ReadonlySet<string>, revision: Revision, read: ReadRecords) {
    this.#state = state
    this.begun = state.checkpoint.next
    this.hasVerified = (hash) => verified.has(hex(hash))
    this.revision = revision
    this.#read = read
  }

  /** Takes the newest records and the one before them, as they were read on the way to the rest. */
  async prime(entries: readonly Entry[]): Promise<void> {
    const first = entries[0]
    if (first === undefined) return
    const i = numberOf(first.key)
    this.#newest.push(...(await this.#judge(entries, i === 0 ? 0 : i + 1)))
  }

  get room(): Room {
    return this.#state.room as Room
  }

  /** Index of the next record. */
  get end(): number {
    return this.#state.checkpoint.next
  }

  /** Takes records that have just arrived, and returns those that follow. */
  take(entries: readonly Entry[]): readonly AppliedRecord[] {
    const taken: AppliedRecord[] = []
    for (const { key, value } of entries) {
      if (numberOf(key) !== this.end) continue
      const judged = this.#state.judge(value)
      // Its epoch's key is fetched once it is read in order.
      if (judged.judgement.kind === 'locked') break
      taken.push(unnumbered(this.#state.apply(judged)))
    }
    this.#newest.push(...taken)
    return taken
  }

  /** The records with from ≤ i < to ≤ end, judged by the room as it is now; fewer if the store lacks one. */
  async between(from: number, to: number, signal?: AbortSignal): Promise<readonly AppliedRecord[]> {
    const first = this.#first
    const older = from < first ? await this.#look(from, Math.min(to, first), signal) : []
    const newest = this.#newest.filter(({ row }) => row.i >= Math.max(from, first) && row.i < to)
    // Pages are requested from the end backwards: keep what joins the kept records.
    if (older.at(-1)?.row.i === this.#first - 1) this.#newest.unshift(...older)
    return [...older, ...newest]
  }

  /** Index of the first kept record. */
  get #first(): number {
    return this.#newest[0]?.row.i ?? this.end
  }

  async #look(from: number, to: number, signal?: AbortSignal): Promise<readonly AppliedRecord[]> {
    return this.#judge((await this.#read(Math.max(0, from - 1), to, signal)) ?? [], from)
  }

  /** Judges the records from index `from` on; the one before supplies the first one's predecessor hash. */
  async #judge(entries: readonly Entry[], from: number): Promise<readonly AppliedRecord[]> {
    const { roomId, keyring } = this.#state
    const preverified = await preverify(roomId, entries, keyring, this.room)
    const applied: AppliedRecord[] = []
    let previousHash = zeroHash
    for (const { key, value: bytes } of entries) {
      const place = { i: numberOf(key), previousHash, hash: recordHash(bytes) }
      previousHash = place.hash
      if (place.i < from) continue
      const judgement = this.#state.look(place, bytes, false, preverified.get(place.i))
      const verdict = judgement.kind === 'message' || judgement.kind === 'control' ? 'valid' : judgement.kind
      applied.push({ place, judgement, row: { i: place.i, bytes, verdict, seq: 0, repeats: [], n: null } })
    }
    return applied
  }
}

/** Counts that start in the middle of a log mean nothing. */
function unnumbered(applied: AppliedRecord): AppliedRecord {
  return { ...applied, row: { ...applied.row, seq: 0 } }
}
