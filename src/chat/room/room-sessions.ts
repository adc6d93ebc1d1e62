/** The rooms of a chat that are open: each has one session, loaded when it is first asked for. */
import { hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { headOf, type Room as RoomState } from '../../protocol/room.ts'
import { Replica } from '../replica/replica.ts'
import type { RoomParts } from './room-context.ts'
import { RoomSession } from './room-session.ts'

export type RoomSessionsParts = Omit<RoomParts, 'roomId'>

export class RoomSessions {
  readonly #parts: RoomSessionsParts
  readonly #sessions = new Map<string, Promise<RoomSession>>()
  readonly #loaded = new Map<string, RoomSession>()

  constructor(parts: RoomSessionsParts) {
    this.#parts = parts
  }

  /** By id in hexadecimal digits. */
  get loaded(): ReadonlyMap<string, RoomSession> {
    return this.#loaded
  }

  has(roomId: Bytes): boolean {
    return this.#sessions.has(hex(roomId))
  }

  /** The room's session, which follows the room. */
  async get(roomId: Bytes): Promise<RoomSession> {
    const session = await this.here(roomId)
    session.start()
    return session
  }

  /** The room's session from local data; the store is not asked. */
  here(roomId: Bytes): Promise<RoomSession> {
    const name = hex(roomId)
    let session = this.#sessions.get(name)
    if (session === undefined) {
      session = this.#load(roomId)
      this.#sessions.set(name, session)
      session.catch(() => this.#sessions.delete(name))
    }
    return session
  }

  async #load(roomId: Bytes): Promise<RoomSession> {
    const session = await RoomSession.open({ ...this.#parts, roomId })
    this.#loaded.set(hex(roomId), session)
    this.#parts.connection.start()
    return session
  }

  /** The direct messages with the person of this key, or with one who had it; they are followed from then on. */
  pairWith(rootKey: Bytes): RoomSession | undefined {
    const pair = [...this.#loaded.values()].find((one) => one.standing === 'member' && one.isWith(rootKey))
    pair?.start()
    return pair
  }

  /** Closes a room that this person did not enter, and forgets it. */
  async discard(roomId: Bytes): Promise<void> {
    await this.#close(roomId)
    await new Replica(this.#parts.home, roomId).forget()
    await this.#parts.identity.forgetRoom(roomId)
  }

  async #close(roomId: Bytes): Promise<void> {
    await this.#loaded.get(hex(roomId))?.close()
    this.#loaded.delete(hex(roomId))
    this.#sessions.delete(hex(roomId))
  }

  /**
   * Closes a room and drops the copy of it. Its remembered end stays, so that a rollback of the store is still noticed.
   * @throws not-allowed when messages wait to be sent
   */
  async forget(roomId: Bytes): Promise<{ readonly name: string; readonly records: number }> {
    const { name, state, log } = await this.here(roomId)
    await this.#close(roomId)
    await this.#dropCopy(roomId, state)
    return { name, records: log.end.i }
  }

  async #dropCopy(roomId: Bytes, state: RoomState | undefined): Promise<void> {
    const { home, identity } = this.#parts
    const remembered = identity.room(roomId)
    if (state !== undefined && remembered !== undefined) {
      const head = { n: state.marks.size - 1, hash: headOf(state).hash }
      if (head.n > (remembered.head?.n ?? -1)) await identity.setRoom({ ...remembered, head })
    }
    if (await new Replica(home, roomId).forget()) return
    throw new ConclaveError('not-allowed', 'Messages are waiting to be sent to this room, so its copy was kept', {
      hint: 'They are sent with the next command in this room once the store answers; /drop in the terminal interface discards those that can’t be sent.',
    })
  }

  async close(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values())
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.close()
  }
}
