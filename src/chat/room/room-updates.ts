/**
 * Brings all joined rooms up to date. One transaction asks the store about as many rooms as it takes operations, and
 * only those with something new are read. A room that can't be read keeps its known state and holds up no other.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { isConclaveError } from '../../base/errors.ts'
import { roomsReadAtOnce, storeOperationsMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { knocksRange, logKey } from '../../protocol/paths.ts'
import type { Operation, Revision, Store } from '../../store/store.ts'
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
  /** The revision up to which the log is known, if there are only requests to look at. */
  readonly asked?: Revision
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
      const reading = changed.slice(at, at + roomsReadAtOnce).map(async ({ roomId, session, asked }) => {
        const look = asked === undefined ? session.refresh(signal) : session.lookAtKnocks(signal)
        await this.alone(roomId, () => look, signal)
        if (asked === undefined) session.start()
        else session.startAt(asked, true)
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

  /** Those of which nothing is known yet, where the store has more or something else, or where people ask to join. */
  async #changed(rooms: readonly Loaded[], signal?: AbortSignal): Promise<readonly Loaded[]> {
    const changed = rooms.filter(({ next }) => next === 0)
    const known = rooms.filter(({ next }) => next > 0)
    // Requests to join that are followed need no question.
    const followed = known.filter(({ session }) => session.followsKnocks)
    const asleep = known.filter(({ session }) => !session.followsKnocks)
    for (const [rooms, perRoom] of [
      [followed, 1],
      [asleep, 2],
    ] as const) {
      for (let at = 0; at < rooms.length; at += Math.floor(storeOperationsMax / perRoom)) {
        const batch = rooms.slice(at, at + Math.floor(storeOperationsMax / perRoom))
        const then = batch.flatMap((room) => questions(room).slice(0, perRoom))
        const { reads, revision } = await this.#parts.store.commit({ then }, signal)
        for (const [k, room] of batch.entries()) {
          const [records = [], knocks = []] = reads.slice(k * perRoom, (k + 1) * perRoom)
          const look = () => room.session.log.isUnchanged(records, revision)
          if (!(await this.alone(room.roomId, look, signal))) changed.push(room)
          else if (knocks.length > 0) changed.push({ ...room, asked: revision })
          else room.session.startAt(revision, false)
        }
      }
    }
    return changed
  }
}

/** Of the log, and of the requests to join. */
function questions({ roomId, next }: Loaded): readonly Operation[] {
  const { start, end } = knocksRange(roomId)
  return [
    { kind: 'read', key: logKey(roomId, next - 1), end: logKey(roomId, next + 1), limit: 2 },
    { kind: 'read', key: start, end, limit: 1, keysOnly: true },
  ]
}
