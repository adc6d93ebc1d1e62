/**
 * A room that is written straight into a store, record by record, without anybody's program: a large one comes to be in
 * seconds. Whoever then enters it, does so with the real program.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { encode } from '../../src/base/codec.ts'
import { concat, hex, u64, utf8, type Bytes } from '../../src/base/bytes.ts'
import { listing } from '../../src/chat/people/directory.ts'
import { skeleton } from '../../src/crypto/skeleton.ts'
import {
  decodeKnock,
  knockNonceBytes,
  knockPublicKey,
  openKnock,
  sealKnock,
  signKnock,
} from '../../src/protocol/knock.ts'
import { headOf } from '../../src/protocol/room.ts'
import {
  cardKey,
  controlKey,
  directoryKey,
  incarnationKey,
  knockKey,
  knocksRange,
  logKey,
  logRange,
  wrapPageKey,
} from '../../src/protocol/paths.ts'
import { prepareControl } from '../../src/protocol/compose.ts'
import type { Operation as Change } from '../../src/protocol/operation.ts'
import { decodeRecord, type ControlHeader } from '../../src/protocol/record.ts'
import { decodeWrapPage, unwrapSecret } from '../../src/protocol/wraps.ts'
import type { Operation, Store } from '../../src/store/store.ts'
import { RoomBuilder, type User } from '../protocol/room-builder.ts'

/** Of a transaction, well below storeRequestBytesMax and storeOperationsMax. */
const batchOperations = 100
const batchBytes = 1_000_000

export class WrittenRoom {
  readonly name: string
  readonly builder: RoomBuilder
  readonly creator: User
  readonly #store: Store
  #written = 0
  #card: Bytes | undefined
  #said = 0
  readonly #pages = new Set<string>()

  private constructor(store: Store, name: string, builder: RoomBuilder, creator: User) {
    this.#store = store
    this.name = name
    this.builder = builder
    this.creator = creator
  }

  static async create(store: Store, name: string): Promise<WrittenRoom> {
    const builder = new RoomBuilder(name)
    const creator = await builder.user('founder')
    await builder.create(creator, { roomName: name })
    return new WrittenRoom(store, name, builder, creator)
  }

  get id(): string {
    return hex(this.builder.roomId)
  }

  /** Somebody without a program. */
  async member(name: string): Promise<User> {
    const user = await this.builder.user(name)
    await this.builder.join(this.creator, user)
    return user
  }

  /** One message a record, by one after the other. */
  talk(speakers: readonly User[], count: number): void {
    for (let k = 0; k < count; k += 1) {
      this.#said += 1
      this.builder.say(speakers[k % speakers.length] as User, `${this.#said}: was it you who said that it would rain?`)
    }
  }

  /** Whatever was not yet written: pages, records, their hints, the card. */
  async write(): Promise<void> {
    const { builder } = this
    const { roomId } = builder
    const operations: Operation[] = []
    if (this.#written === 0) {
      operations.push(
        { kind: 'put', key: incarnationKey, value: new Uint8Array(16) },
        { kind: 'put', key: directoryKey(skeleton(this.name)), value: listing({ roomId, name: this.name }) },
      )
    }
    for (const [name, value] of builder.pages) {
      if (this.#pages.has(name)) continue
      this.#pages.add(name)
      const [wraps = '', page = ''] = name.split('/')
      const key = concat(utf8(`rooms/${this.id}/wraps/${wraps}/`), u64(Number(page)))
      operations.push({ kind: 'put', key, value })
    }
    for (; this.#written < builder.log.length; this.#written += 1) {
      const i = this.#written
      operations.push({ kind: 'put', key: logKey(roomId, i), value: builder.log[i] as Bytes })
      const record = decodeRecord(builder.log[i] as Bytes)
      if (record.kind !== 'control') continue
      operations.push({ kind: 'put', key: controlKey(roomId, record.outer.header.n), value: encode(i) })
    }
    // Each holds on to a whole room.
    builder.verdicts.length = 0
    // Never again one that others have replaced since.
    const card = builder.cards.at(-1)
    if (card !== undefined && card !== this.#card) operations.push({ kind: 'put', key: cardKey(roomId), value: card })
    this.#card = card
    await putAll(this.#store, operations)
  }

  /** Waits for a knock under this name, and lets in whoever knocks. */
  async letIn(name: string): Promise<void> {
    const { builder } = this
    const { start, end } = knocksRange(builder.roomId)
    for (;;) {
      const { entries } = await this.#store.range(start, end)
      for (const { key, value } of entries) {
        const knock = await openKnock(builder.roomId, [builder.keys], value)
        if (knock === undefined || decodeKnock(knock).name !== name) continue
        await builder.accept(this.creator, knock)
        await this.write()
        await this.#store.commit({ then: [{ kind: 'delete', key }] })
        return
      }
      await sleep(20)
    }
  }

  /** Reads what others have written meanwhile, and the creator's wraps of the epochs that they opened. */
  async sync(): Promise<void> {
    const { builder } = this
    const { end } = logRange(builder.roomId)
    const { entries } = await this.#store.range(logKey(builder.roomId, builder.log.length), end)
    for (const { value } of entries) {
      builder.append(value)
      const record = decodeRecord(value)
      if (record.kind === 'control') await this.#learn(record.outer.header)
    }
    this.#written = builder.log.length
    builder.verdicts.length = 0
  }

  async #learn({ n, previousHead, epoch, confirm, wraps }: ControlHeader): Promise<void> {
    const { builder, creator } = this
    const { roomId } = builder
    if (confirm === null || wraps === null) return
    const { reads } = await this.#store.commit({ then: [{ kind: 'read', key: wrapPageKey(roomId, wraps, 0) }] })
    const page = reads[0]?.[0]
    const wrapped = page && decodeWrapPage(page.value).get(0)
    const context = { roomId, n, previousHead, epoch }
    const secret = wrapped && (await unwrapSecret(context, creator.unwrapper, wrapped))
    if (secret) builder.keyring.addSecret(roomId, { epoch, before: previousHead, confirm }, secret)
  }

  /** Changes the room while others write, as an honest program does: at the log's end, or anew. */
  async change(by: User, operation: Change): Promise<void> {
    const { builder } = this
    for (;;) {
      await this.sync()
      const author = { signer: by.signer, random: builder.dice.random }
      const prepared = await prepareControl(author, builder.room, operation, builder.keys)
      const { record } = prepared.seal({ ...builder.place(), at: builder.tick(), seq: 0 })
      if (
        await this.#append(record, [
          { kind: 'put', key: controlKey(builder.roomId, prepared.n), value: encode(builder.log.length) },
        ])
      )
        return
    }
  }

  /** Opens an epoch whose secret nobody gets, its writer's own copy apart, which is thrown away. */
  async garbage(by: User): Promise<void> {
    const { builder } = this
    for (;;) {
      await this.sync()
      const { bytes, header } = await builder.forge(by, { type: 'rotate' })
      if (
        await this.#append(bytes, [{ kind: 'put', key: controlKey(builder.roomId, header.n), value: encode(header.i) }])
      )
        return
    }
  }

  async #append(record: Bytes, along: readonly Operation[]): Promise<boolean> {
    const { roomId, log } = this.builder
    const key = logKey(roomId, log.length)
    const { ok } = await this.#store.commit({
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: record }, ...along],
    })
    if (ok) await this.sync()
    return ok
  }

  /** Knocks, as a program does. */
  async knock({ signer, unwrapper, name }: User): Promise<void> {
    const { builder } = this
    const { roomId, keys, room, dice } = builder
    const nonce = dice.random(knockNonceBytes)
    const head = headOf(room).hash
    // An old one is not looked at.
    const knock = signKnock(signer, {
      roomId,
      name,
      wrapKey: unwrapper.publicKey,
      nonce,
      head,
      end: 0,
      last: new Uint8Array(32),
      at: Date.now(),
    })
    const sealed = await sealKnock(roomId, keys.epoch, await knockPublicKey(keys), knock)
    if (sealed === undefined) throw new Error('no key')
    const key = knockKey(roomId, builder.dice.random(16))
    await this.#store.commit({ then: [{ kind: 'put', key, value: sealed }] })
  }

  /** Makes whoever was let in under this name an admin. */
  async promote(name: string): Promise<void> {
    const member = [...this.builder.room.members.values()].find((one) => one.name === name)
    if (member === undefined) throw new Error(`${name} is not in`)
    await this.builder.operate(this.creator, { type: 'promote', rootKey: member.rootKey })
    await this.write()
  }
}

async function putAll(store: Store, operations: readonly Operation[]): Promise<void> {
  let batch: Operation[] = []
  let bytes = 0
  // Hostile records may have one hint.
  const keys = new Set<string>()
  const flush = async () => {
    if (batch.length > 0) await store.commit({ then: batch })
    batch = []
    keys.clear()
    bytes = 0
  }
  for (const operation of operations) {
    const size = operation.kind === 'put' ? operation.value.length + operation.key.length : 0
    const isFull = batch.length === batchOperations || bytes + size > batchBytes
    if (isFull || keys.has(hex(operation.key))) await flush()
    keys.add(hex(operation.key))
    batch.push(operation)
    bytes += size
  }
  await flush()
}
