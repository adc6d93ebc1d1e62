/**
 * The state machine of a room's log, as far as this client has read it: contiguous from 0, each record judged once, in
 * order. No I/O: fetching, keys and disk belong to the room log.
 */
import { emptyBytes, hex, type Bytes } from '../../base/bytes.ts'
import { FormatError } from '../../base/codec.ts'
import { recordKeptBytesMax } from '../../base/limits.ts'
import { zeroHash } from '../../crypto/hash.ts'
import type { ControlBody } from '../../protocol/control.ts'
import type { EpochLink, EpochOpening } from '../../protocol/epoch.ts'
import { foldControl, type RecordPlace } from '../../protocol/fold.ts'
import { Keyring } from '../../protocol/keyring.ts'
import { openMessages, type Preverified, type MessageInside } from '../../protocol/message.ts'
import { decodeRecord, recordHash, type ControlOuter, type LogRecord } from '../../protocol/record.ts'
import type { Member, Opening, Room } from '../../protocol/room.ts'
import type { Checkpoint } from '../replica/replica.ts'
import type { Row } from '../replica/row.ts'
import type { Seen } from '../replica/seen.ts'

export type Judgement =
  | { readonly kind: 'message'; readonly inside: MessageInside; readonly author: Member }
  | { readonly kind: 'control'; readonly body: ControlBody; readonly author: Member }
  | { readonly kind: 'void'; readonly reason: string }
  | { readonly kind: 'locked'; readonly epoch: number }

/** The record at the checkpoint, judged and not yet applied. */
export interface Judged {
  readonly bytes: Bytes
  readonly place: RecordPlace
  readonly judgement: Judgement
}

export interface AppliedRecord {
  readonly row: Row
  readonly place: RecordPlace
  readonly judgement: Judgement
}

export interface ArrivedOpening {
  readonly opening: Opening
  /** Index of the record that opens it. */
  readonly i: number
}

export class LogState {
  readonly roomId: Bytes
  readonly keyring: Keyring
  readonly #seen: Seen
  #room: Room | undefined
  /** Epochs in the order in which they were opened, including those that epoch recovery skipped later. */
  readonly #opened: ArrivedOpening[] = []
  /** By the confirm of the epoch that they start from (hexadecimal). */
  readonly #links = new Map<string, EpochLink[]>()
  readonly #judged = new Map<number, Judgement>()
  /** Openings (by confirm) whose links were found to lead back, and how many of the others' were tried in vain. */
  readonly sound = new Set<string>()
  readonly tried = new Map<string, number>()
  #next = 0
  #hash: Bytes = zeroHash
  #seq = 1

  constructor(roomId: Bytes, seen: Seen, keyring = new Keyring()) {
    this.roomId = roomId
    this.#seen = seen
    this.keyring = keyring
  }

  /** undefined until genesis has been opened. */
  get room(): Room | undefined {
    return this.#room
  }

  /** Everything before `next` is judged; `hash` is that of the last record; `seq` is the next message's number. */
  get checkpoint(): Checkpoint {
    return { next: this.#next, hash: this.#hash, seq: this.#seq }
  }

  /** The links of valid control records that start from an epoch. */
  readonly links = (of: EpochOpening): readonly EpochLink[] => this.#links.get(hex(of.confirm)) ?? []

  /** From the k-th on. */
  opened(k: number): readonly ArrivedOpening[] {
    return this.#opened.slice(k)
  }

  /** Resumes at the replica's checkpoint: only the control records are folded again. Earlier verdicts are forgotten. */
  resume(checkpoint: Checkpoint, controls: readonly Row[]): void {
    this.#room = undefined
    this.#opened.length = 0
    this.#links.clear()
    this.tried.clear()
    this.#judged.clear()
    for (const { i, bytes } of controls) {
      const record = decodeRecord(bytes)
      if (record.kind !== 'control' || i >= checkpoint.next) continue
      this.fold(i, recordHash(bytes), record.outer, true)
    }
    this.goOnAt(checkpoint)
  }

  /** Folds a control record that is known to follow the one that it names. `known`: also known to be valid. */
  fold(i: number, hash: Bytes, outer: ControlOuter, known: boolean): Judgement {
    return this.#foldControl({ i, previousHash: outer.header.previousHash, hash }, outer, known)
  }

  /** The next record to be judged is the one at the checkpoint. */
  goOnAt({ next, hash, seq }: Checkpoint): void {
    this.#next = next
    this.#hash = hash
    this.#seq = seq
  }

  /**
   * The verdict on the record at `next`; changes nothing except a valid control record's room.
   * `isKnownGood`: whether this reader has verified the signatures in a control record with this hash.
   */
  judge(bytes: Bytes, preverified?: Preverified, isKnownGood?: (hash: Bytes) => boolean): Judged {
    const place = { i: this.#next, previousHash: this.#hash, hash: recordHash(bytes) }
    const judgement = orVoid(() => {
      const record = decoded(bytes, preverified)
      if (record.kind === 'message') return this.#openMessages(place, record, false, preverified)
      return this.#foldControl(place, record.outer, isKnownGood?.(place.hash) === true)
    })
    return { bytes, place, judgement }
  }

  /** Judges an earlier record again, to show it. */
  review(row: Row, previousHash: Bytes): Judgement {
    if (row.verdict === 'locked') return { kind: 'locked', epoch: 0 }
    return this.look({ i: row.i, previousHash }, row.bytes, row.verdict === 'valid')
  }

  /** Judges a record anywhere before the checkpoint, once every control record that counts has been folded. */
  look(place: Omit<RecordPlace, 'hash'>, bytes: Bytes, known: boolean, preverified?: Preverified): Judgement {
    return orVoid(() => {
      const record = decoded(bytes, preverified)
      if (record.kind === 'message') return this.#openMessages(place, record, known, preverified)
      return this.#judged.get(place.i) ?? { kind: 'void', reason: 'not a valid change of the room' }
    })
  }

  /** Commits the record at `next`. */
  apply({ bytes, place, judgement }: Judged): AppliedRecord {
    const seq = this.#seq
    const repeats: number[] = []
    if (judgement.kind === 'message') {
      const { inside, author } = judgement
      inside.contents.forEach((_, k) => {
        if (!this.#seen.add(author.firstRootKey, inside.device, inside.counter + k)) repeats.push(k)
      })
      this.#seq += inside.contents.length - repeats.length
    }
    const n = judgement.kind === 'control' ? (this.#room?.marks.size ?? 1) - 1 : null
    const verdict = judgement.kind === 'void' || judgement.kind === 'locked' ? judgement.kind : 'valid'
    this.#next += 1
    this.#hash = place.hash
    const kept = bytes.length > recordKeptBytesMax ? { bytes: emptyBytes, hashOnly: place.hash } : { bytes }
    return { row: { i: place.i, ...kept, verdict, seq, repeats, n }, place, judgement }
  }

  #openMessages(
    place: Omit<RecordPlace, 'hash'>,
    record: LogRecord & { kind: 'message' },
    known: boolean,
    preverified?: Preverified,
  ): Judgement {
    if (this.#room === undefined) return { kind: 'locked', epoch: 0 }
    const verdict = openMessages(this.#room, place, record.outer, this.keyring, known, preverified)
    return verdict.kind === 'valid' ? { kind: 'message', inside: verdict.inside, author: verdict.author } : verdict
  }

  #foldControl(place: RecordPlace, outer: ControlOuter, known: boolean): Judgement {
    const verdict = foldControl(this.roomId, this.#room, place, outer, this.keyring, known)
    if (verdict.kind !== 'valid') return verdict
    this.#room = verdict.room
    const opening = outer.header.confirm === null ? undefined : verdict.room.openings.get(outer.header.epoch)
    if (opening !== undefined) this.#opened.push({ opening, i: place.i })
    for (const link of outer.header.links) {
      const known = this.#links.get(hex(link.of))
      if (known === undefined) this.#links.set(hex(link.of), [link])
      else known.push(link)
    }
    const judgement = { kind: 'control', body: verdict.body, author: verdict.author } as const
    this.#judged.set(place.i, judgement)
    return judgement
  }
}

function decoded(bytes: Bytes, preverified?: Preverified): LogRecord {
  return preverified === undefined ? decodeRecord(bytes) : { kind: 'message', outer: preverified.outer }
}

/** Bytes that aren't a record, or hold none, count for nothing. */
function orVoid(judge: () => Judgement): Judgement {
  try {
    return judge()
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'void', reason: error.message }
    throw error
  }
}
