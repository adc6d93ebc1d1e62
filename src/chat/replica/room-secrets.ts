/** The secrets of a room's epochs, kept in the home so that it opens without the store; sealed under the home's key. */
import type { Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { hashBytes } from '../../crypto/hash.ts'
import type { Keyring } from '../../protocol/keyring.ts'
import type { Store } from '../../store/store.ts'
import { secretsKey } from '../home/local-paths.ts'
import type { LocalSeal } from '../home/local-seal.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import { copyOfRoom } from './row.ts'

export class RoomSecrets {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #seal: LocalSeal
  #saved = 0

  constructor(home: Store, roomId: Bytes, seal: LocalSeal) {
    this.#home = home
    this.#roomId = roomId
    this.#seal = seal
  }

  async load(keyring: Keyring): Promise<void> {
    const key = secretsKey(this.#roomId)
    const entry = await readOne(this.#home, key)
    const plain = entry && this.#seal.open(key, entry.value)
    if (plain !== undefined) readLocal(copyOfRoom, () => this.#add(keyring, plain))
    this.#saved = keyring.size
  }

  #add(keyring: Keyring, plain: Bytes): void {
    for (const value of new Fields([decode(plain)], 1).array(Infinity)) {
      const fields = new Fields(value, 4)
      const opening = { epoch: fields.unsigned(), before: fields.fixed(hashBytes), confirm: fields.fixed(hashBytes) }
      keyring.addSecret(this.#roomId, opening, fields.fixed(hashBytes))
    }
  }

  /** Writes those that have arrived since. */
  async save(keyring: Keyring): Promise<void> {
    if (keyring.size === this.#saved) return
    this.#saved = keyring.size
    const key = secretsKey(this.#roomId)
    const secrets = keyring.all().map(({ epoch, before, confirm, secret }) => [epoch, before, confirm, secret])
    const value = this.#seal.seal(key, encode(secrets))
    await this.#home.commit({ then: [{ kind: 'put', key, value }] })
  }
}
