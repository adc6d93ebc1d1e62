/** A room's epoch secrets: found where this identity may have been given them, and kept in the home. */
import { hex, type Bytes } from '../../base/bytes.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Room } from '../../protocol/room.ts'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import { KeptWraps } from '../replica/kept-wraps.ts'
import { RoomSecrets } from '../replica/room-secrets.ts'
import { ControlLog } from './control-log.ts'
import { genesisOpening, KeySearch } from './key-search.ts'
import type { LogState } from './log-state.ts'

export interface RoomKeysParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly roomId: Bytes
}

export class RoomKeys {
  readonly controls: ControlLog
  readonly search: KeySearch
  readonly wraps: KeptWraps
  readonly #identity: Identity
  readonly #state: LogState
  readonly #secrets: RoomSecrets
  /** How many of the room's openings, and of the keys held, have been looked at for saving. */
  #openings = 0
  #held = 0
  #future: { readonly room: Room | undefined; readonly size: number; readonly found: boolean } | undefined
  /** Confirms of openings without keys. */
  readonly #lacking = new Set<string>()

  constructor({ store, home, identity, roomId }: RoomKeysParts, state: LogState) {
    this.#identity = identity
    this.#state = state
    this.#secrets = new RoomSecrets(home, roomId, identity.local)
    this.wraps = new KeptWraps(home, roomId)
    this.controls = new ControlLog(store, roomId)
    this.search = new KeySearch(store, identity, roomId, state.keyring, this.controls, this.wraps)
  }

  load(): Promise<void> {
    return this.#secrets.load(this.#state.keyring)
  }

  /** The log is judged again from an earlier record on. */
  beginAgain(): void {
    this.#openings = 0
    this.#lacking.clear()
  }

  /** Writes the secrets of the room's epochs that have arrived since; others prove nothing, and anyone can make them. */
  async save(): Promise<void> {
    const { keyring } = this.#state
    const due: EpochKeys[] = []
    for (const { opening } of this.#state.opened(this.#openings)) {
      const keys = keyring.get(opening)
      if (keys === undefined) this.#lacking.add(hex(opening.confirm))
      else due.push(keys)
      this.#openings += 1
    }
    for (const keys of this.#lacking.size > 0 ? keyring.since(this.#held) : []) {
      if (this.#lacking.delete(hex(keys.confirm))) due.push(keys)
    }
    this.#held = keyring.size
    await this.#secrets.save(due)
  }

  /** The keys of the current epoch, fetched from the store if need be. */
  async current(signal?: AbortSignal): Promise<EpochKeys | undefined> {
    const { room, keyring } = this.#state
    const opening = room?.openings.get(room.epoch)
    if (opening === undefined) return undefined
    if (keyring.get(opening) === undefined) await this.search.obtain(opening, this.memberIndex, signal)
    return keyring.get(opening)
  }

  /** Whether the keys of the current epoch are here. */
  get isOpen(): boolean {
    const { room, keyring } = this.#state
    return keyring.get(room?.openings.get(room.epoch)) !== undefined
  }

  /** Whether a knock of this identity is still unanswered. */
  get hasKnocked(): boolean {
    const { room, roomId } = this.#state
    const knock = this.#identity.room(roomId)?.knockHash
    return knock !== undefined && knock !== null && room?.answered.has(hex(knock)) === false
  }

  /** Whether a secret has arrived that may change the next record's verdict. */
  async unlock(bytes: Bytes, signal?: AbortSignal): Promise<boolean> {
    const { room, keyring } = this.#state
    const opening = room === undefined ? genesisOpening(bytes) : room.openings.get(room.epoch)
    if (opening === undefined || keyring.get(opening) !== undefined) return false
    return this.search.obtain(opening, this.memberIndex, signal)
  }

  /** This identity is no longer a member: what comes next is for others. */
  get departed(): boolean {
    const self = hex(this.#identity.signer.publicKey)
    const { room } = this.#state
    return room?.departures.has(self) === true && !room.members.has(self)
  }

  /**
   * Whether a key was found for a future epoch: then reading does not end here. Epoch recovery may open one of the same
   * number.
   */
  get hasFutureEpochKey(): boolean {
    const { room, keyring } = this.#state
    const isFuture = (keys: EpochKeys) =>
      keys.epoch >= (room?.epoch ?? 0) && keyring.get(room?.openings.get(keys.epoch)) !== keys
    // The room stays the same behind a departure: each key is looked at once.
    const known = this.#future !== undefined && this.#future.room === room ? this.#future : { found: false, size: 0 }
    const found = known.found || keyring.since(known.size).some(isFuture)
    this.#future = { room, size: keyring.size, found }
    return found
  }

  /** After leaving, the old index is useless: the next accept gives another. */
  get memberIndex(): number | undefined {
    if (this.departed) return undefined
    const { room, roomId } = this.#state
    const own = room?.members.get(hex(this.#identity.signer.publicKey))
    return own?.index ?? this.#identity.room(roomId)?.memberIndex ?? undefined
  }
}
