/** The secrets without which a room's next record can't be judged, looked for where one may have been given them. */
import { hex, type Bytes } from '../../base/bytes.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Identity } from '../identity/identity.ts'
import { genesisOpening, type KeySearch } from './key-search.ts'
import type { Ledger } from './ledger.ts'

export class RoomKeys {
  readonly #identity: Identity
  readonly #ledger: Ledger
  readonly #search: KeySearch

  constructor(identity: Identity, ledger: Ledger, search: KeySearch) {
    this.#identity = identity
    this.#ledger = ledger
    this.#search = search
  }

  /** The keys of the epoch in force, looked for in the store if need be. */
  async current(signal?: AbortSignal): Promise<EpochKeys | undefined> {
    const { room, keyring } = this.#ledger
    const opening = room?.openings.get(room.epoch)
    if (opening === undefined) return undefined
    if (keyring.get(opening) === undefined) await this.#search.obtain(opening, this.memberIndex, signal)
    return keyring.get(opening)
  }

  /** Something new may be there for this identity: what was looked for in vain is looked for again. */
  lookAgain(): void {
    this.#search.lookAgain()
  }

  /** Whether the keys of the epoch in force are here. */
  get isOpen(): boolean {
    const { room, keyring } = this.#ledger
    return keyring.get(room?.openings.get(room.epoch)) !== undefined
  }

  /** Whether this person waits for an answer to a knock. */
  get hasKnocked(): boolean {
    const { room, roomId } = this.#ledger
    const knock = this.#identity.room(roomId)?.knockHash
    return knock !== undefined && knock !== null && room?.answered.has(hex(knock)) === false
  }

  /** Whether there is a secret now with which the next record may be judged otherwise. */
  async unlock(bytes: Bytes, signal?: AbortSignal): Promise<boolean> {
    const { room, keyring } = this.#ledger
    const opening = room === undefined ? genesisOpening(bytes) : room.openings.get(room.epoch)
    if (opening === undefined || keyring.get(opening) !== undefined) return false
    return this.#search.obtain(opening, this.memberIndex, signal)
  }

  /** One was in, and is not any more: what comes is for others. */
  get departed(): boolean {
    const self = hex(this.#identity.signer.publicKey)
    const { room } = this.#ledger
    return room?.departures.has(self) === true && !room.members.has(self)
  }

  /** Whether a key was found for an epoch that is yet to come (a way out may open one of the same number): nothing ends then. */
  get hasFutureEpochKey(): boolean {
    const { room, keyring } = this.#ledger
    return keyring.all().some((keys) => {
      return keys.epoch >= (room?.epoch ?? 0) && keyring.get(room?.openings.get(keys.epoch)) !== keys
    })
  }

  /** After a departure the old index is of no use: the next accept gives another. */
  get memberIndex(): number | undefined {
    if (this.departed) return undefined
    const { room, roomId } = this.#ledger
    const own = room?.members.get(hex(this.#identity.signer.publicKey))
    return own?.index ?? this.#identity.room(roomId)?.memberIndex ?? undefined
  }
}
