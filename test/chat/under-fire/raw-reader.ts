/**
 * Somebody who keeps all his keys and reads the raw store, with no regard for any rule: he tries every wrap under every
 * context, follows every link, and opens every record with every key that he has.
 */
import { encode } from '../../../src/base/codec.ts'
import { hex, type Bytes } from '../../../src/base/bytes.ts'
import { Identity } from '../../../src/chat/identity/identity.ts'
import { localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import { RoomSecrets } from '../../../src/chat/replica/room-secrets.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import { open } from '../../../src/crypto/seal.ts'
import { openVault, openVaultWithKey } from '../../../src/crypto/vault.ts'
import type { Wrapped } from '../../../src/crypto/wrap.ts'
import { epochOfSeed } from '../../../src/protocol/epoch.ts'
import { Keyring } from '../../../src/protocol/keyring.ts'
import { logKey, logRange, numberOf, roomRange } from '../../../src/protocol/paths.ts'
import { decodeRecord, headerValues, type ControlHeader } from '../../../src/protocol/record.ts'
import { protocolVersion, suiteHybrid1 } from '../../../src/protocol/version.ts'
import { decodeWrapPage, unwrapSecret } from '../../../src/protocol/wraps.ts'
import type { Store } from '../../../src/store/store.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import type { Being } from '../world.ts'

export class RawReader {
  readonly #store: Store
  readonly #being: Being
  readonly #roomId: Bytes
  readonly #keyring = new Keyring()
  /** Read so far. */
  readonly #headers = new Map<number, ControlHeader>()
  readonly #read = new Set<string>()
  readonly #wraps: Wrapped[] = []
  #dataKey: Bytes | undefined

  constructor(store: Store, being: Being, roomId: Bytes) {
    this.#store = store
    this.#being = being
    this.#roomId = roomId
  }

  /** The indices from `from` on of the records that open for him, and how many there are. */
  async opens(from: number): Promise<{ readonly opened: readonly number[]; readonly records: number }> {
    const identity = await this.#identity()
    await this.#gather(identity)
    const { end } = logRange(this.#roomId)
    const { entries } = await this.#store.range(logKey(this.#roomId, from), end)
    const opened = entries.filter(({ key, value }) => this.#opens(numberOf(key), value)).map(({ key }) => numberOf(key))
    return { opened, records: entries.length }
  }

  /** With whatever his home holds now. */
  async #identity(): Promise<Identity> {
    const home = await this.#being.home.open(skeleton(this.#being.name))
    const vault = await readOne(home, localVaultKey)
    if (vault === undefined) throw new Error('no vault')
    const known = this.#dataKey
    const opened = known ? openVaultWithKey(vault.value, known) : await openVault(vault.value, this.#being.password)
    if (opened.kind !== 'open') throw new Error('the vault does not open')
    this.#dataKey = opened.dataKey
    const identity = await Identity.unlock(opened, home, systemRandom)
    await new RoomSecrets(home, this.#roomId, identity.local).load(this.#keyring)
    return identity
  }

  async #gather(identity: Identity): Promise<void> {
    const { start, end } = roomRange(this.#roomId)
    const { entries } = await this.#store.range(start, end)
    const log = hex(logRange(this.#roomId).start)
    const fresh: ControlHeader[] = []
    const wraps: Wrapped[] = []
    for (const { key, value } of entries) {
      if (this.#read.has(hex(key))) continue
      if (hex(key).startsWith(log)) {
        const record = decodeRecord(value)
        if (record.kind === 'control') fresh.push(record.outer.header)
        this.#read.add(hex(key))
      } else {
        for (const wrapped of decodeWrapPage(value).values()) wraps.push(wrapped)
        if (Buffer.from(key).includes('/wraps/')) this.#read.add(hex(key))
      }
    }
    for (const header of fresh) {
      this.#headers.set(header.i, header)
      if (header.entry?.wrapped) wraps.push(header.entry.wrapped)
    }
    // A new wrap may belong to an older record, and an old one to a newer.
    await this.#try(identity, wraps, [...this.#headers.values()].slice(-fresh.length - 1))
    await this.#try(identity, this.#wraps.slice(-2), fresh)
    this.#wraps.push(...wraps)
    this.#keyring.walkBack(this.#roomId, [...this.#headers.values()])
  }

  async #try(identity: Identity, wraps: readonly Wrapped[], under: readonly ControlHeader[]): Promise<void> {
    const openings = [...this.#headers.values()].flatMap(({ epoch, previousHead: before, confirm }) =>
      confirm === null ? [] : [{ epoch, before, confirm }],
    )
    for (const { n, previousHead, epoch } of under) {
      for (const wrapped of wraps) {
        for (const own of identity.unwrappers) {
          const secret = await unwrapSecret({ roomId: this.#roomId, n, previousHead, epoch }, own, wrapped)
          const keys = secret && epochOfSeed(this.#roomId, epoch, secret)
          if (keys) this.#keyring.add(keys)
          if (secret) for (const opening of openings) this.#keyring.addSecret(this.#roomId, opening, secret)
        }
      }
    }
  }

  #opens(i: number, bytes: Bytes): boolean {
    const record = decodeRecord(bytes)
    return this.#keyring.all().some((keys) => {
      if (record.kind === 'message') {
        const { epoch, nonce, ciphertext } = record.outer
        const about = [protocolVersion, suiteHybrid1, this.#roomId, epoch, i]
        return open(keys.message, nonce, encode(about), ciphertext) !== undefined
      }
      const { header, nonce, ciphertext } = record.outer
      return open(keys.body, nonce, encode([this.#roomId, ...headerValues(header)]), ciphertext) !== undefined
    })
  }
}
