/**
 * Requests to join a room: the sealed knocks in the store, opened by its members. One a person, of those who are known
 * first; strangers can't fill the list, keep anything in it for ever, or draw lines without end.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { Allowance } from '../../base/allowance.ts'
import type { Clock } from '../../base/clock.ts'
import { FormatError } from '../../base/codec.ts'
import {
  knockAheadMs,
  knockBytesMax,
  knockDays,
  requestBurstMax,
  requestsKeptMax,
  sealedKnocksMax,
} from '../../base/limits.ts'
import { decodeKnock, knockId, openKnock, sealedKnockEpoch, type Knock } from '../../protocol/knock.ts'
import { includes } from '../../protocol/head-evidence.ts'
import { hashOfRow } from '../replica/row.ts'
import { knocksRange } from '../../protocol/paths.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Revision, Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { RoomLog } from '../log/room-log.ts'
import { isKnown } from './pins.ts'
import { newestFirst, UntrustedRange, type Held } from './untrusted-range.ts'

export interface OpenKnock {
  /** Where it lies in the store. */
  readonly key: Bytes
  readonly bytes: Bytes
  readonly knock: Knock
  /** Its author was shown another log than this one. */
  readonly elsewhere: boolean
}

/** Not opened yet: it may arrive before the epoch whose key it is sealed to. */
interface SealedKnock {
  readonly epoch: number
  /** Keys of that epoch's number that were tried. */
  readonly tried: number
}

export interface KnocksParts {
  readonly store: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly log: RoomLog
  readonly clock: Clock
  arrived(knock: OpenKnock): Promise<void>
  changed(): void
}

const dayMs = 86_400_000

export class Knocks {
  readonly #parts: KnocksParts
  readonly #range: UntrustedRange<OpenKnock | SealedKnock>
  readonly #announced: Allowance

  constructor(parts: KnocksParts) {
    this.#parts = parts
    this.#announced = new Allowance(parts.clock, requestBurstMax)
    this.#range = new UntrustedRange({
      ...parts,
      range: knocksRange(parts.roomId),
      valueBytesMax: knockBytesMax,
      deletes: true,
      judge: (entry) => this.#judge(entry),
      choose: (unread) => unread.toSorted(newestFirst),
      select: (held) => this.#select(held),
      arrived: ({ item }) => this.#arrived(item),
    })
  }

  /** Unanswered and in their time, oldest first. */
  list(room: Room | undefined): readonly OpenKnock[] {
    return this.#range.held
      .flatMap(({ item }) => (isOpen(item) && this.#isInTime(item) && !isAnswered(room, item) ? [item] : []))
      .sort((a, b) => a.knock.at - b.knock.at)
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#range.look(signal)
    this.#parts.changed()
  }

  /** @param emptyAt a revision at which there were none */
  follow(signal: AbortSignal, emptyAt?: Revision): Promise<void> {
    return this.#range.follow(signal, () => this.#parts.changed(), emptyAt)
  }

  /** Tries those that did not open with the keys that have arrived since. */
  async lookAgain(): Promise<void> {
    if (!this.#range.judgeAgain((item) => !isOpen(item) && this.#keysOf(item.epoch).length > item.tried)) return
    await this.refresh()
  }

  #keysOf(epoch: number) {
    return this.#parts.log.state.keyring.all().filter((keys) => keys.epoch === epoch)
  }

  async #judge({ key, value }: Entry): Promise<OpenKnock | SealedKnock | undefined> {
    const { log, roomId } = this.#parts
    const epoch = sealedKnockEpoch(value)
    if (epoch === undefined) return undefined
    // The current keys may not have been fetched yet.
    await log.currentKeys()
    const keys = this.#keysOf(epoch)
    const bytes = await openKnock(roomId, keys, value)
    if (bytes !== undefined) {
      const knock = decoded(bytes)
      if (knock === undefined || !equalBytes(knock.roomId, roomId)) return undefined
      return { key, bytes, knock, elsewhere: (await branchOf(log, knock)) === 'another' }
    }
    // Another member may open it: this copy of the room may be behind, or of another branch.
    return { epoch, tried: keys.length }
  }

  /** Answered ones go, and all of a person's but the newest; strangers go first, by time and then the oldest. */
  #select(held: readonly Held<OpenKnock | SealedKnock>[]): readonly Held<OpenKnock | SealedKnock>[] {
    const sealed = held.filter(({ item }) => !isOpen(item)).sort(newestFirst)
    const { room } = this.#parts.log
    const byPerson = new Map<string, Held<OpenKnock>>()
    for (const one of held) {
      if (!holdsOpen(one) || isAnswered(room, one.item)) continue
      const { rootKey, at } = one.item.knock
      const other = byPerson.get(hex(rootKey))
      // A copy that someone else made is the later one.
      const isNewer = other === undefined || at > other.item.knock.at
      const isOlderCopy = at === other?.item.knock.at && one.modRevision < other.modRevision
      if (isNewer || isOlderCopy) byPerson.set(hex(rootKey), one)
    }
    const ranked = [...byPerson.values()].sort((a, b) => this.#rank(a.item) - this.#rank(b.item) || newestFirst(a, b))
    return [...ranked.slice(0, requestsKeptMax), ...sealed.slice(0, sealedKnocksMax)]
  }

  #rank(open: OpenKnock): number {
    const { identity, log } = this.#parts
    if (!this.#isInTime(open)) return 2
    return isKnown(identity, open.knock) || log.room?.departures.has(hex(open.knock.rootKey)) === true ? 0 : 1
  }

  /** Out of time, it is only hidden: this machine's clock may be wrong. */
  #isInTime({ knock: { at } }: OpenKnock): boolean {
    const now = this.#parts.clock.now()
    return at >= now - knockDays * dayMs && at <= now + knockAheadMs
  }

  async #arrived(item: OpenKnock | SealedKnock): Promise<void> {
    if (!isOpen(item) || !this.#isInTime(item) || this.#announced.take() === 0) return
    await this.#parts.arrived(item)
  }
}

/** Whether the author of a request was shown the log that has been read here; `ahead`: they were shown more of one. */
export async function branchOf({ room, replica, state }: RoomLog, { head, end, last }: Knock) {
  if (end > state.checkpoint.next) return 'ahead'
  const [row] = end === 0 ? [] : await replica.rows(end - 1, end, 1)
  if (room === undefined || row === undefined) return 'this'
  return includes(room, head) && equalBytes(hashOfRow(row), last) ? 'this' : 'another'
}

function isOpen(item: OpenKnock | SealedKnock): item is OpenKnock {
  return 'knock' in item
}

function holdsOpen(held: Held<OpenKnock | SealedKnock>): held is Held<OpenKnock> {
  return isOpen(held.item)
}

function isAnswered(room: Room | undefined, { bytes }: OpenKnock): boolean {
  return room?.answered.has(hex(knockId(bytes))) === true
}

function decoded(bytes: Bytes): Knock | undefined {
  try {
    return decodeKnock(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
