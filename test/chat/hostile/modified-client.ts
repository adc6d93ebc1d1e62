/**
 * Somebody inside whose program asks no rule: he has an identity, a member's keys, and raw access to the store. What he
 * writes is right but for what he wants to be wrong.
 */
import { decode, encode, type Value } from '../../../src/base/codec.ts'
import { fromHex, type Bytes } from '../../../src/base/bytes.ts'
import type { Room } from '../../../src/chat/chat.ts'
import { Identity } from '../../../src/chat/identity/identity.ts'
import { localVaultKey } from '../../../src/chat/home/local-paths.ts'
import { readOne } from '../../../src/store/read-one.ts'
import type { RoomLog } from '../../../src/chat/log/room-log.ts'
import type { RoomSession } from '../../../src/chat/room/room-session.ts'
import { systemRandom } from '../../../src/crypto/random.ts'
import type { Signer } from '../../../src/crypto/sign.ts'
import { skeleton } from '../../../src/crypto/skeleton.ts'
import { openVault } from '../../../src/crypto/vault.ts'
import { sealControl } from '../../../src/protocol/control.ts'
import { epochKeys, sealLink, type EpochKeys } from '../../../src/protocol/epoch.ts'
import { sealMessages, type MessageInside } from '../../../src/protocol/message.ts'
import { opensEpoch, type Operation } from '../../../src/protocol/operation.ts'
import { cardKey, controlKey, logKey, wrapPageKey } from '../../../src/protocol/paths.ts'
import type { ControlHeader } from '../../../src/protocol/record.ts'
import { headOf, type Member, type Room as RoomState } from '../../../src/protocol/room.ts'
import { makeWrapPages, wrapsName } from '../../../src/protocol/wraps.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Being } from '../world.ts'

export interface ControlWishes {
  readonly header?: Partial<ControlHeader>
  readonly signer?: Signer
  /** The secret that each member's wrap holds; the true one where this says nothing. */
  readonly secretFor?: (member: Member, secret: Bytes) => Bytes
  /** What the link holds, in place of the epoch before. */
  readonly linkTo?: EpochKeys
}

export class ModifiedClient {
  readonly identity: Identity
  readonly roomId: Bytes
  readonly #store: Store
  readonly #log: RoomLog

  private constructor(identity: Identity, room: Room, store: Store) {
    this.identity = identity
    this.roomId = fromHex(room.id)
    this.#store = store
    this.#log = (room as RoomSession).log
  }

  /** In the place of the being's own program, which must be closed or idle. */
  static async of(being: Being, room: Room, store: Store): Promise<ModifiedClient> {
    const home = await being.home.open(skeleton(being.name))
    const vault = await readOne(home, localVaultKey)
    const opened = vault && (await openVault(vault.value, being.password))
    if (opened?.kind !== 'open') throw new Error('the vault does not open')
    return new ModifiedClient(await Identity.unlock(opened, home, systemRandom), room, store)
  }

  get state(): RoomState {
    if (this.#log.room === undefined) throw new Error('no room')
    return this.#log.room
  }

  get keys(): EpochKeys {
    const keys = this.#log.state.keyring.get(this.state.openings.get(this.state.epoch))
    if (keys === undefined) throw new Error('no keys')
    return keys
  }

  keysOf(epoch: number): EpochKeys {
    const keys = this.#log.state.keyring.get(this.state.openings.get(epoch))
    if (keys === undefined) throw new Error('no keys')
    return keys
  }

  get tail(): { readonly i: number; readonly previousHash: Bytes } {
    const { i, previousHash } = this.#log.end
    return { i, previousHash }
  }

  refresh(): Promise<unknown> {
    return this.#log.catchUp()
  }

  /** Puts any bytes at the end of the log; their index. */
  async append(record: Bytes): Promise<number> {
    await this.refresh()
    const { i } = this.tail
    await this.put(logKey(this.roomId, i), record)
    return i
  }

  async put(key: Bytes, value: Bytes): Promise<void> {
    await this.#store.commit({ then: [{ kind: 'put', key, value }] })
  }

  message(
    text: string,
    wishes: Partial<MessageInside> & { i?: number; keys?: EpochKeys; signer?: Signer } = {},
  ): Bytes {
    const { i = this.tail.i, keys = this.keys, signer = this.identity.signer, ...inside } = wishes
    const contents = [{ type: 'text', text }] as const
    const rest = { device: systemRandom(8), counter: 0, seq: 0, at: Date.now(), contents }
    const head = headOf(this.state).hash
    const whole = { previousHash: this.tail.previousHash, head, ...rest, ...inside }
    return sealMessages(this.roomId, i, keys, signer, whole, systemRandom)
  }

  /** A control record and, where it opens an epoch, its pages, which are put into the store at once. */
  async control(
    operation: Operation,
    wishes: ControlWishes = {},
  ): Promise<{ record: Bytes; keys: EpochKeys; n: number }> {
    const { state, keys: under } = this
    const head = headOf(state)
    const n = state.marks.size
    const opens = opensEpoch(operation.type)
    const epoch = opens ? state.epoch + 1 : state.epoch
    const keys = opens ? epochKeys(this.roomId, epoch, head.hash, systemRandom(32)) : under
    const wraps = opens ? await this.#wraps(n, head.hash, keys, wishes) : undefined
    const header: ControlHeader = {
      version: 1,
      suite: 1,
      ...this.tail,
      n,
      previousHead: head.hash,
      previousHeadIndex: head.i,
      epoch,
      under: under.epoch,
      confirm: opens ? keys.confirm : null,
      links: opens ? [link(this.roomId, keys, under, wishes.linkTo ?? under)] : [],
      wraps: wraps ?? null,
      entry: null,
      ...wishes.header,
    }
    const body = { operation, at: Date.now(), seq: 0 }
    const signer = wishes.signer ?? this.identity.signer
    return { record: sealControl(this.roomId, under, signer, header, body, systemRandom), keys, n }
  }

  /** Writes a control record as an honest client would: with its hint. */
  async change(
    operation: Operation,
    wishes: ControlWishes = {},
  ): Promise<{ i: number; keys: EpochKeys; record: Bytes }> {
    await this.refresh()
    const { record, keys, n } = await this.control(operation, wishes)
    const i = await this.append(record)
    await this.put(controlKey(this.roomId, n), encode(i))
    this.#log.state.keyring.add(keys)
    return { i, keys, record }
  }

  async #wraps(
    n: number,
    previousHead: Bytes,
    { epoch, secret, confirm }: EpochKeys,
    { secretFor }: ControlWishes,
  ): Promise<Bytes> {
    const context = { roomId: this.roomId, n, previousHead, epoch }
    const rows: Value[] = []
    for (const member of this.state.members.values()) {
      const given = secretFor?.(member, secret) ?? secret
      const { pages } = await makeWrapPages(context, [member], { secret: given, confirm })
      for (const { bytes } of pages) rows.push(...(decode(bytes) as readonly Value[]))
    }
    const name = wrapsName(context, confirm)
    await this.put(wrapPageKey(this.roomId, name, 0), encode(rows))
    return name
  }

  get cardKey(): Bytes {
    return cardKey(this.roomId)
  }
}

function link(roomId: Bytes, of: EpochKeys, under: EpochKeys, holds: EpochKeys) {
  // Sealed for the right epoch, with another's secret inside.
  return sealLink(roomId, of, { ...under, secret: holds.secret }, systemRandom)
}
