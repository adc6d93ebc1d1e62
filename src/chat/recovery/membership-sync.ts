/**
 * Syncs what the vault knows of a room with its control chain: this identity's standing, and the members' pinned keys.
 */
import { later, type Clock } from '../../base/clock.ts'
import { hex, type Bytes } from '../../base/bytes.ts'
import { pinDelayMs, pinnedAtOnceMembersMax } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { headOf, memberByKey, type Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import type { Standing } from '../chat.ts'
import type { Identity } from '../identity/identity.ts'
import { standingOf } from '../people/people.ts'
import { followRegistered, pinMembers } from '../people/pins.ts'

export interface StandingParts {
  readonly store: Store
  readonly identity: Identity
  readonly roomId: Bytes
  readonly clock: Clock
  readonly log: Logger
}

export interface Stand {
  readonly room: Room
  readonly standing: Standing
  /** The room's name for this person. */
  readonly name: string
  /** Whether the current keys are here. */
  readonly isOpen: boolean
}

export class MembershipSync {
  readonly #parts: StandingParts
  /** Root keys of the members checked so far. */
  readonly #pinned = new Set<string>()
  #standing: Standing | undefined
  #settling: Promise<unknown> = Promise.resolve()
  /** Newcomers of a large room are pinned a little later, in one batch. */
  #cancelPin: (() => void) | undefined
  #room: Room | undefined

  constructor(parts: StandingParts) {
    this.#parts = parts
  }

  /** The vault has this identity's standing once this resolves. True if something changed. */
  settle(stand: () => Stand | undefined): Promise<boolean> {
    const settled = this.#settling.then(() => this.#settle(stand()))
    this.#settling = settled.catch(() => undefined)
    return settled
  }

  async close(): Promise<void> {
    if (this.#cancelPin !== undefined) this.#pinNow()
    await this.#settling
  }

  /** The control chain was replaced. */
  forget(): void {
    this.#standing = undefined
  }

  /** The store has lost this identity's admission: it waits again. */
  async admissionLost(room: Room): Promise<boolean> {
    const { identity, roomId } = this.#parts
    const self = identity.signer.publicKey
    const remembered = identity.room(roomId)
    const isKnown = memberByKey(room, self) !== undefined || room.departures.has(hex(self))
    if (isKnown || remembered?.standing !== 'member') return false
    await identity.setRoom({ ...remembered, standing: remembered.knockHash === null ? 'left' : 'waiting' })
    return true
  }

  async #settle(stand: Stand | undefined): Promise<boolean> {
    if (stand === undefined) return false
    const { room, standing, name, isOpen } = stand
    const { identity, roomId } = this.#parts
    const remembered = identity.room(roomId)
    this.#room = room
    // A vault is written as a whole: in a large room, not once per newcomer.
    // Who this person has nothing to do with is not pinned.
    if (standing !== 'member') this.#cancelPin?.()
    else if (this.#standing === undefined || room.members.size <= pinnedAtOnceMembersMax) await this.#pin()
    else if (this.#newcomers().length > 0)
      this.#cancelPin ??= later(this.#parts.clock, pinDelayMs, () => this.#pinNow())
    // A member who lacked a key has knocked again, and stops waiting once it arrives.
    const isAnswered = remembered?.standing === 'waiting' && standing === 'member' && isOpen
    if (this.#standing === standing && !isAnswered && remembered?.name === name) return false
    const self = identity.signer.publicKey
    // A knock may have been sent or answered in the meantime.
    await identity.changeRoom(roomId, (now) => ({
      roomId,
      name,
      memberIndex: memberByKey(room, self)?.index ?? now?.memberIndex ?? null,
      knockHash: now?.knockHash ?? null,
      standing: standingOf(room, self, now?.standing ?? 'stranger'),
      head: { n: room.marks.size - 1, hash: headOf(room).hash },
    }))
    this.#standing = standing
    return true
  }

  #pinNow(): void {
    this.#cancelPin?.()
    this.#cancelPin = undefined
    this.#settling = this.#settling
      .then(() => this.#pin())
      .catch((error: unknown) => this.#parts.log.warn('room.pins', { error: String(error) }))
  }

  #newcomers(): readonly string[] {
    return [...(this.#room?.members.keys() ?? [])].filter((key) => !this.#pinned.has(key))
  }

  async #pin(): Promise<void> {
    const room = this.#room
    const newcomers = this.#newcomers()
    if (room === undefined || newcomers.length === 0) return
    const members = newcomers.flatMap((key) => room.members.get(key) ?? [])
    for (const member of members) await followRegistered(this.#parts, member)
    await pinMembers(this.#parts.identity, room, members, this.#parts.clock.now())
    for (const key of newcomers) this.#pinned.add(key)
  }
}
