/**
 * The newest end of a room's log, shown while everything before it is still being read: somebody who has just been let
 * in, or logs in on a new machine, need not wait for a long history.
 *
 * What it shows has been judged by the whole chain of control records, each shown message by its own signature and by the
 * hash of the record before it. What it can't know: the numbers of the messages, and whether one repeats an older one.
 * Nothing is written on its word; and once the rest has been read, that decides (ADR 0015).
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { zeroHash } from '../../crypto/hash.ts'
import { numberOf } from '../../protocol/paths.ts'
import { recordHash } from '../../protocol/record.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Revision } from '../../store/store.ts'
import { preverify } from './preverify.ts'
import type { Filed, Ledger } from './ledger.ts'

/** The records with from ≤ i < to; undefined where one of them is missing. */
export type ReadRecords = (from: number, to: number, signal?: AbortSignal) => Promise<readonly Entry[] | undefined>

export class TailPreview {
  /** Where the log ended when this was opened … */
  readonly begun: number
  /** … and a watch from the next revision on misses nothing. */
  readonly revision: Revision
  readonly #ledger: Ledger
  readonly #read: ReadRecords
  /** Whether the signatures in a control record with this hash are known to be good. */
  readonly hasVerified: (hash: Bytes) => boolean
  /** The newest records, without a gap up to the end. */
  readonly #newest: Filed[] = []

  /**
   * @param ledger has folded the whole chain, and stands at the end of the log.
   * @param verified hashes (hexadecimal) of the control records that it found valid.
   */
  constructor(ledger: Ledger, verified: ReadonlySet<string>, revision: Revision, read: ReadRecords) {
    this.#ledger = ledger
    this.begun = ledger.checkpoint.next
    this.hasVerified = (hash) => verified.has(hex(hash))
    this.revision = revision
    this.#read = read
  }

  /** Takes the newest records, and the one before them, as they were read on the way to the rest. */
  async prime(entries: readonly Entry[]): Promise<void> {
    const first = entries[0]
    if (first === undefined) return
    const i = numberOf(first.key)
    this.#newest.push(...(await this.#judge(entries, i === 0 ? 0 : i + 1)))
  }

  get room(): Room {
    return this.#ledger.room as Room
  }

  /** Index of the next record. */
  get end(): number {
    return this.#ledger.checkpoint.next
  }

  /** Takes records that have just come, and gives back those that follow. */
  take(entries: readonly Entry[]): readonly Filed[] {
    const taken: Filed[] = []
    for (const { key, value } of entries) {
      if (numberOf(key) !== this.end) continue
      const judged = this.#ledger.judge(value)
      // Its epoch's key is looked for once it is read in order.
      if (judged.judgement.kind === 'locked') break
      taken.push(unnumbered(this.#ledger.file(judged)))
    }
    this.#newest.push(...taken)
    return taken
  }

  /** The records with from ≤ i < to ≤ end, as they are judged by the room as it is now; fewer where the store lacks one. */
  async between(from: number, to: number, signal?: AbortSignal): Promise<readonly Filed[]> {
    const first = this.#first
    const older = from < first ? await this.#look(from, Math.min(to, first), signal) : []
    const newest = this.#newest.filter(({ row }) => row.i >= Math.max(from, first) && row.i < to)
    // Pages are asked for from the end backwards: what was looked at is kept where it joins.
    if (older.at(-1)?.row.i === this.#first - 1) this.#newest.unshift(...older)
    return [...older, ...newest]
  }

  /** Index of the first record of those that are kept. */
  get #first(): number {
    return this.#newest[0]?.row.i ?? this.end
  }

  async #look(from: number, to: number, signal?: AbortSignal): Promise<readonly Filed[]> {
    return this.#judge((await this.#read(Math.max(0, from - 1), to, signal)) ?? [], from)
  }

  /** Judges the records from index `from` on; the one before that tells the first one's predecessor. */
  async #judge(entries: readonly Entry[], from: number): Promise<readonly Filed[]> {
    const { roomId, keyring } = this.#ledger
    const preverified = await preverify(roomId, entries, keyring.all())
    const filed: Filed[] = []
    let previousHash = zeroHash
    for (const { key, value: bytes } of entries) {
      const place = { i: numberOf(key), previousHash, hash: recordHash(bytes) }
      previousHash = place.hash
      if (place.i < from) continue
      const judgement = this.#ledger.look(place, bytes, false, preverified.get(place.i))
      const verdict = judgement.kind === 'message' || judgement.kind === 'control' ? 'valid' : judgement.kind
      filed.push({ place, judgement, row: { i: place.i, bytes, verdict, seq: 0, repeats: [], n: null } })
    }
    return filed
  }
}

/** What was counted from the middle of a log on says nothing. */
function unnumbered(filed: Filed): Filed {
  return { ...filed, row: { ...filed.row, seq: 0 } }
}
