/**
 * The secrets of a room's epochs, kept in the home so that it opens without the store; sealed under the home's key. Each
 * has a row of its own: others choose how many there are.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { encode, Fields } from '../../base/codec.ts'
import { replicaBatch } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import type { EpochKeys } from '../../protocol/epoch.ts'
import type { Keyring } from '../../protocol/keyring.ts'
import type { Store } from '../../store/store.ts'
import { secretKey, secretsRange } from '../home/local-paths.ts'
import type { LocalSeal } from '../home/local-seal.ts'
import { readLocal } from '../home/local-value.ts'
import { copyOfRoom } from './row.ts'
import type { PutOperation } from './seen.ts'

export class RoomSecrets {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #seal: LocalSeal
  /** By confirm. */
  readonly #saved = new Set<string>()

  constructor(home: Store, roomId: Bytes, seal: LocalSeal) {
    this.#home = home
    this.#roomId = roomId
    this.#seal = seal
  }

  async load(keyring: Keyring): Promise<void> {
    const { start, end } = secretsRange(this.#roomId)
    const { entries } = await this.#home.range(start, end)
    for (const { key, value } of entries) {
      const plain = this.#seal.open(key, value)
      if (plain !== undefined) readLocal(copyOfRoom, () => this.#add(keyring, plain))
    }
  }

  #add(keyring: Keyring, plain: Bytes): void {
    const fields = Fields.decode(plain, 4)
    const opening = { epoch: fields.unsigned(), before: fields.fixed(hashBytes), confirm: fields.fixed(hashBytes) }
    if (keyring.addSecret(this.#roomId, opening, fields.fixed(hashBytes))) this.#saved.add(hex(opening.confirm))
  }

  /** Writes those that are not there yet. */
  async save(epochs: readonly EpochKeys[]): Promise<void> {
    const fresh = epochs.filter(({ confirm }) => !this.#saved.has(hex(confirm)))
    for (let at = 0; at < fresh.length; at += replicaBatch) {
      const batch = fresh.slice(at, at + replicaBatch)
      await this.#home.commit({ then: batch.map((keys) => this.#rowOf(keys)) })
      for (const { confirm } of batch) this.#saved.add(hex(confirm))
    }
  }

  #rowOf({ epoch, before, confirm, secret }: EpochKeys): PutOperation {
    const key = secretKey(this.#roomId, confirm)
    return { kind: 'put', key, value: this.#seal.seal(key, encode([epoch, before, confirm, secret])) }
  }
}
