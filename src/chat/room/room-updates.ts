/**
 * Brings all joined rooms up to date. One transaction asks the store about as many rooms as it takes operations, and
 * only those with something new are read. A room that can't be read keeps its known state and holds up no other.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { isConclaveError } from '../../base/errors.ts'
import { roomsReadAtOnce, storeOperationsMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { logKey } from '../../protocol/paths.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { StoreConnection } from '../connection/store-connection.ts'
import type { Identity } from '../identity/identity.ts'
import type { RoomSession } from './room-session.ts'

export interface RoomUpdatesParts {
  readonly store: Store
  readonly identity: Identity
  readonly connection: StoreConnection
  readonly log: Logger
  /** A room's session as this home holds it. */
  load(roomId: Bytes): Promise<RoomSession>
}

interface Loaded {
  readonly roomId: Bytes
  readonly session: RoomSession
  /** Index of the first unknown record. */
  readonly next: number
}

export class RoomUpdates {
  readonly #parts: RoomUpdatesParts
  /** Rooms that could not be read, by their ids, and why. */
  readonly #failing = new Map<string, string>()

  constructor(parts: RoomUpdatesParts) {
    this.#parts = parts
  }

  /** @throws unavailable when the store can't be asked at all */
  async all(signal?: AbortSignal): Promise<void> {
    const changed = await this.#changed(await this.#loadAll(signal), signal)
    for (let at = 0; at < changed.length; at += roomsReadAtOnce) {
      const reading = changed.slice(at, at + roomsReadAtOnce).map(async ({ roomId, session }) => {
        await this.alone(roomId, () => session.refresh(signal), signal)
        session.start()
      })
      await Promise.all(reading)
    }
  }

  /** A room's failure is logged once, until it succeeds. @returns undefined on failure */
  async alone<T>(roomId: Bytes, work: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
    const room = hex(roomId)
    try {
      const result = await work()
      this.#failing.delete(room)
      return result
    } catch (error) {
      signal?.throwIfAborted()
      const failure = String(error)
      if (this.#failing.get(room) === failure) return undefined
      this.#failing.set(room, failure)
      this.#parts.log.warn('room.refresh', { room: room.slice(0, 8), error: failure })
      if (isConclaveError(error) && error.retryable) this.#parts.connection.doubted(error)
      return undefined
    }
  }

  async #loadAll(signal?: AbortSignal): Promise<readonly Loaded[]> {
    const all: Loaded[] = []
    for (const { roomId, standing } of this.#parts.identity.body.rooms) {
      if (standing !== 'member') continue
      const session = await this.alone(roomId, () => this.#parts.load(roomId), signal)
      if (session !== undefined) all.push({ roomId, session, next: session.log.state.checkpoint.next })
    }
    return all
  }

  /** Those of which nothing is known yet, or where the store has more, or something else. */
  async #changed(rooms: readonly Loaded[], signal?: AbortSignal): Promise<readonly Loaded[]> {
    const changed = rooms.filter(({ next }) => next === 0)
    const known = rooms.filter(({ next }) => next > 0)
    for (let at = 0; at < known.length; at += storeOperationsMax) {
      const batch = known.slice(at, at + storeOperationsMax)
      const then = batch.map(({ roomId, next }): Operation => {
        return { kind: 'read', key: logKey(roomId, next - 1), end: logKey(roomId, next + 1), limit: 2 }
      })
      const { reads, revision } = await this.#parts.store.commit({ then }, signal)
      for (const [k, room] of batch.entries()) {
        const look = () => room.session.log.isUnchanged(reads[k] ?? [], revision)
        if (await this.alone(room.roomId, look, signal)) room.session.startAt(revision)
        else changed.push(room)
      }
    }
    return changed
  }
}
