/** Keeps the vault's memory of a room in step with its chain: who is in and under which key, and how one stands oneself. */
import type { Clock } from '../base/clock.ts'
import type { Bytes } from '../base/bytes.ts'
import { headOf, memberByKey, type Room } from '../protocol/room.ts'
import type { Store } from '../store/store.ts'
import type { Standing } from './chat.ts'
import type { Identity } from './identity.ts'
import { followRegistered, pinMembers } from './pins.ts'

export interface StandingParts {
  readonly store: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly clock: Clock
}

export interface Stand {
  readonly room: Room
  readonly standing: Standing
  /** What the room is called here. */
  readonly name: string
}

export class StandingMemory {
  readonly #parts: StandingParts
  /** Root keys of members who have been looked at. */
  readonly #pinned = new Set<string>()
  #standing: Standing | undefined
  #settling: Promise<unknown> = Promise.resolve()

  constructor(parts: StandingParts) {
    this.#parts = parts
  }

  /** It is so when this resolves, whoever began it. True when something has changed. */
  settle(stand: () => Stand | undefined): Promise<boolean> {
    const settled = this.#settling.then(() => this.#settle(stand()))
    this.#settling = settled.catch(() => undefined)
    return settled
  }

  async #settle(stand: Stand | undefined): Promise<boolean> {
    if (stand === undefined) return false
    const { room, standing, name } = stand
    const { identity, roomId } = this.#parts
    const remembered = identity.room(roomId)
    await this.#pin(room)
    if (this.#standing === standing && remembered?.name === name) return false
    await identity.setRoom({
      roomId,
      name,
      memberIndex: memberByKey(room, identity.signer.publicKey)?.index ?? remembered?.memberIndex ?? null,
      knockHash: remembered?.knockHash ?? null,
      standing,
      head: { n: room.marks.length - 1, hash: headOf(room).hash },
    })
    this.#standing = standing
    return true
  }

  async #pin(room: Room): Promise<void> {
    const newcomers = [...room.members].filter(([key]) => !this.#pinned.has(key))
    const members = newcomers.map(([, member]) => member)
    for (const member of members) await followRegistered(this.#parts, member)
    await pinMembers(this.#parts.identity, room, members, this.#parts.clock.now())
    for (const [key] of newcomers) this.#pinned.add(key)
  }
}
