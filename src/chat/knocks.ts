/** Who stands at a room's door: the sealed knocks in the store, opened by whoever is in. */
import { hex, type Bytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { FormatError } from '../base/codec.ts'
import { knockDays } from '../base/limits.ts'
import { decodeKnock, knockId, openKnock, type Knock } from '../protocol/knock.ts'
import { knocksRange } from '../protocol/paths.ts'
import type { Room } from '../protocol/room.ts'
import type { Entry, Store } from '../store/store.ts'
import type { RoomLog } from './room-log.ts'

export interface OpenKnock {
  /** Where it lies in the store. */
  readonly key: Bytes
  readonly bytes: Bytes
  readonly knock: Knock
}

export interface KnocksParts {
  readonly store: Store
  readonly roomId: Bytes
  readonly log: RoomLog
  readonly clock: Clock
  arrived(knock: OpenKnock): void
  changed(): void
}

const dayMs = 86_400_000

export class Knocks {
  readonly #parts: KnocksParts
  readonly #open = new Map<string, OpenKnock>()

  constructor(parts: KnocksParts) {
    this.#parts = parts
  }

  /** Unanswered, one a person (his newest), oldest first. */
  list(room: Room | undefined): readonly OpenKnock[] {
    const oldest = this.#parts.clock.now() - knockDays * dayMs
    const byPerson = new Map<string, OpenKnock>()
    const sorted = [...this.#open.values()].sort((a, b) => a.knock.at - b.knock.at)
    for (const open of sorted) {
      if (open.knock.at < oldest || room?.answered.has(hex(knockId(open.bytes))) === true) continue
      byPerson.delete(hex(open.knock.rootKey))
      byPerson.set(hex(open.knock.rootKey), open)
    }
    return [...byPerson.values()]
  }

  async refresh(signal?: AbortSignal): Promise<number> {
    const { start, end } = knocksRange(this.#parts.roomId)
    const { entries, revision } = await this.#parts.store.range(start, end, {}, signal)
    const keys = new Set(entries.map(({ key }) => hex(key)))
    for (const name of this.#open.keys()) if (!keys.has(name)) this.#open.delete(name)
    for (const entry of entries) await this.#take(entry)
    this.#parts.changed()
    return revision
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { store, roomId } = this.#parts
    const { start, end } = knocksRange(roomId)
    const from = (await this.refresh(signal)) + 1
    for await (const { events } of store.watch(start, end, { from, signal })) {
      for (const event of events) {
        if (event.kind === 'delete') this.#open.delete(hex(event.key))
        else await this.#take(event.entry)
      }
      this.#parts.changed()
    }
  }

  async #take({ key, value }: Entry): Promise<void> {
    const { log, roomId } = this.#parts
    const known = this.#open.get(hex(key))
    const newestFirst = [...log.ledger.keyring.all()].sort((a, b) => b.epoch - a.epoch)
    const bytes = await openKnock(roomId, newestFirst, value)
    const knock = bytes && decoded(bytes)
    if (!bytes || !knock || Buffer.compare(knock.roomId, roomId) !== 0) {
      this.#open.delete(hex(key))
      return
    }
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return
    const open = { key, bytes, knock }
    this.#open.set(hex(key), open)
    if (log.room?.answered.has(hex(knockId(bytes))) !== true) this.#parts.arrived(open)
  }
}

function decoded(bytes: Bytes): Knock | undefined {
  try {
    return decodeKnock(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
