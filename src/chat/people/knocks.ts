/** Requests to join a room: the sealed knocks in the store, opened by its members. */
import { hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { FormatError } from '../../base/codec.ts'
import { knockDays, sealedKnocksMax } from '../../base/limits.ts'
import { decodeKnock, knockId, openKnock, type Knock } from '../../protocol/knock.ts'
import { knocksRange } from '../../protocol/paths.ts'
import type { Room } from '../../protocol/room.ts'
import type { Entry, Store } from '../../store/store.ts'
import type { RoomLog } from '../log/room-log.ts'

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
  arrived(knock: OpenKnock): Promise<void>
  changed(): void
}

const dayMs = 86_400_000

export class Knocks {
  readonly #parts: KnocksParts
  readonly #open = new Map<string, OpenKnock>()
  /** Not opened yet, with the number of keys tried: a knock may arrive before the epoch whose key it is sealed to. */
  readonly #sealed = new Map<string, { readonly entry: Entry; readonly tried: number }>()

  constructor(parts: KnocksParts) {
    this.#parts = parts
  }

  /** Unanswered, the newest of each person, oldest first. */
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
    for (const name of [...this.#open.keys(), ...this.#sealed.keys()]) if (!keys.has(name)) this.#drop(name)
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
        if (event.kind === 'delete') this.#drop(hex(event.key))
        else await this.#take(event.entry)
      }
      this.#parts.changed()
    }
  }

  /** Tries those that did not open with the keys that have arrived since. */
  async lookAgain(): Promise<void> {
    const waiting = [...this.#sealed.values()]
    if (waiting.length === 0) return
    for (const { entry, tried } of waiting) await this.#take(entry, tried)
    this.#parts.changed()
  }

  #drop(name: string): void {
    this.#open.delete(name)
    this.#sealed.delete(name)
  }

  async #take(entry: Entry, tried = 0): Promise<void> {
    const { log, roomId } = this.#parts
    const { key, value } = entry
    const name = hex(key)
    const known = this.#open.get(name)
    // The current keys may not have been fetched yet.
    await log.currentKeys()
    const keys = log.state.keyring.all()
    const newestFirst = keys.slice(tried).sort((a, b) => b.epoch - a.epoch)
    const bytes = await openKnock(roomId, newestFirst, value)
    const knock = bytes && decoded(bytes)
    this.#drop(name)
    if (!bytes || !knock || Buffer.compare(knock.roomId, roomId) !== 0) {
      if (this.#sealed.size < sealedKnocksMax) this.#sealed.set(name, { entry, tried: keys.length })
      return
    }
    const open = { key, bytes, knock }
    this.#open.set(name, open)
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return
    if (log.room?.answered.has(hex(knockId(bytes))) !== true) await this.#parts.arrived(open)
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
