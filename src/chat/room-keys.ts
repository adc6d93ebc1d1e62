/** The secrets without which a room's next record can't be judged, looked for where one may have been given them. */
import { hex, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { EpochKeys } from '../protocol/epoch.ts'
import { decodeRecord } from '../protocol/record.ts'
import type { Identity } from './identity.ts'
import type { KeySearch, OpeningWraps } from './key-search.ts'
import type { Judgement, Ledger } from './ledger.ts'

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
    const opening = room?.openings[room.epoch]
    if (opening === undefined) return undefined
    if (keyring.get(opening) === undefined) await this.#search.obtain(opening, this.memberIndex, signal)
    return keyring.get(opening)
  }

  /** Whether there is a secret now with which the next record may be judged otherwise. */
  async unlock(bytes: Bytes, signal?: AbortSignal): Promise<boolean> {
    const { room, keyring } = this.#ledger
    const opening = room === undefined ? genesisOpening(bytes) : room.openings[room.epoch]
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
  get isLetInLater(): boolean {
    const { room, keyring } = this.#ledger
    return keyring.all().some((keys) => {
      return keys.epoch >= (room?.epoch ?? 0) && keyring.get(room?.openings[keys.epoch]) !== keys
    })
  }

  /** After a departure the old index is of no use: the next accept gives another. */
  get memberIndex(): number | undefined {
    if (this.departed) return undefined
    const { room, roomId } = this.#ledger
    const own = room?.members.get(hex(this.#identity.signer.publicKey))
    return own?.index ?? this.#identity.room(roomId)?.memberIndex ?? undefined
  }

  /** An accept of a present member carries the secret in force for him once more. */
  async rewrapped(judgement: Judgement & { kind: 'control' }, bytes: Bytes): Promise<void> {
    if (judgement.body.operation.type !== 'accept') return
    const { room, keyring } = this.#ledger
    const opening = room?.openings[room.epoch]
    if (opening === undefined || keyring.get(opening) !== undefined) return
    const record = decodeRecord(bytes)
    if (record.kind === 'control') await this.#search.fromEntry(record.outer.outside, [opening])
  }
}

function genesisOpening(bytes: Bytes): OpeningWraps | undefined {
  try {
    const record = decodeRecord(bytes)
    if (record.kind !== 'control') return undefined
    const { confirm, wraps, n, epoch } = record.outer.outside
    if (confirm === null || wraps === null || n !== 0 || epoch !== 0) return undefined
    return { epoch: 0, before: zeroHash, confirm, n: 0, wraps }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
