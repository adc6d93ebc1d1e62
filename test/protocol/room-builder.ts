/**
 * A room played by honest clients over a log in memory, with randomness from a seed. (Encapsulations are random all the
 * same, so the bytes of two runs differ; what is decided does not.) Hostile records are crafted by `forge` and `append`.
 */
import { hex, type Bytes } from '../../src/base/bytes.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { signerFromSeed, type Signer } from '../../src/crypto/sign.ts'
import { unwrapperFromSeed, type Unwrapper } from '../../src/crypto/wrap.ts'
import { foldChain, type ControlRecord } from '../../src/protocol/chain.ts'
import { prepareControl, prepareGenesis, type Prepared } from '../../src/protocol/compose.ts'
import type { Content } from '../../src/protocol/content.ts'
import { sealControl } from '../../src/protocol/control.ts'
import { epochKeys, epochSeed, sealLink, type EpochKeys } from '../../src/protocol/epoch.ts'
import { foldControl, type RecordPlace } from '../../src/protocol/fold.ts'
import { Keyring } from '../../src/protocol/keyring.ts'
import { decodeKnock, knockId, signKnock } from '../../src/protocol/knock.ts'
import {
  deviceBytes,
  openMessages,
  sealMessages,
  type MessageInside,
  type MessageVerdict,
} from '../../src/protocol/message.ts'
import { opensEpoch, type Operation, type RoomPolicy } from '../../src/protocol/operation.ts'
import { decodeRecord, entryTagBytes, recordHash, type ControlHeader } from '../../src/protocol/record.ts'
import { headOf, type Room } from '../../src/protocol/room.ts'
import { invitationTag } from '../../src/protocol/rules.ts'
import type { ControlVerdict } from '../../src/protocol/verdict.ts'
import { makeWrapPages, pageOf, wrapSecret, wrapsName, type WrapPage } from '../../src/protocol/wraps.ts'
import { diceFrom, type Dice } from './seeded.ts'

export interface User {
  readonly name: string
  signer: Signer
  unwrapper: Unwrapper
  /** Newest last; the present one too. */
  readonly unwrappers: Unwrapper[]
  /** Seeds of the same keys, for readers outside this project. */
  readonly wrapSeeds: Bytes[]
  device: Bytes
  counter: number
}

export type Verdict = ControlVerdict | MessageVerdict

export interface Appended {
  readonly i: number
  readonly bytes: Bytes
  readonly verdict: Verdict
}

export const group: RoomPolicy = { kind: 'group', acceptBy: 'members', listed: true, rotateDays: 0 }
export const pair: RoomPolicy = { kind: 'pair', acceptBy: 'members', listed: false, rotateDays: 0 }

export class RoomBuilder {
  readonly dice: Dice
  readonly log: Bytes[] = []
  readonly verdicts: Verdict[] = []
  /** By `${hex of the pages' name}/${page}`. */
  readonly pages = new Map<string, Bytes>()
  readonly cards: Bytes[] = []
  /** What the honest clients hold together. */
  readonly keyring = new Keyring()
  readonly controls: ControlRecord[] = []
  roomId: Bytes = zeroHash
  #room: Room | undefined
  #clock = 1_700_000_000_000

  constructor(seed: string | number) {
    this.dice = diceFrom(seed)
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error('no room yet')
    return this.#room
  }

  async user(name: string): Promise<User> {
    const keys = await this.#keys()
    return {
      name,
      signer: keys.signer,
      unwrapper: keys.unwrapper,
      unwrappers: [keys.unwrapper],
      wrapSeeds: [keys.wrapSeed],
      device: this.dice.random(deviceBytes),
      counter: 0,
    }
  }

  async #keys() {
    const signer = signerFromSeed(this.dice.random(32))
    const wrapSeed = this.dice.random(32)
    return { signer, wrapSeed, unwrapper: await unwrapperFromSeed(wrapSeed) }
  }

  tick(): number {
    return (this.#clock += 1000)
  }

  place(i = this.log.length): Omit<RecordPlace, 'hash'> {
    const previous = this.log[i - 1]
    return { i, previousHash: previous === undefined ? zeroHash : recordHash(previous) }
  }

  keysOf(epoch: number): EpochKeys {
    const keys = this.keyring.get(this.room.openings.get(epoch))
    if (keys === undefined) throw new Error(`nobody holds epoch ${epoch}`)
    return keys
  }

  get keys(): EpochKeys {
    return this.keysOf(this.room.epoch)
  }

  /** Puts any bytes at the end of the log and judges them as the honest clients do. */
  append(bytes: Bytes): Appended {
    const { i, previousHash } = this.place()
    const place = { i, previousHash, hash: recordHash(bytes) }
    this.log.push(bytes)
    const verdict = this.#judge(bytes, place)
    this.verdicts.push(verdict)
    return { i, bytes, verdict }
  }

  #judge(bytes: Bytes, place: RecordPlace): Verdict {
    let record
    try {
      record = decodeRecord(bytes)
    } catch (error) {
      return { kind: 'void', reason: (error as Error).message }
    }
    if (record.kind === 'message') return openMessages(this.room, place, record.outer, this.keyring)
    this.controls.push({ place, outer: record.outer })
    const verdict = foldControl(this.roomId, this.#room, place, record.outer, this.keyring)
    if (verdict.kind === 'valid') this.#room = verdict.room
    return verdict
  }

  async create(by: User, { roomName = 'demo', policy = group } = {}): Promise<Appended> {
    const newRoom = { name: by.name, wrapKey: by.unwrapper.publicKey, roomName, policy }
    const { roomId, prepared } = await prepareGenesis({ signer: by.signer, random: this.dice.random }, newRoom)
    this.roomId = roomId
    return this.#write(prepared)
  }

  /** @throws VoidRecord when the rules refuse it. */
  async operate(by: User, operation: Operation): Promise<Appended> {
    return this.#write(await prepareControl(this.#author(by), this.room, operation, this.keys))
  }

  #author(by: User) {
    return { signer: by.signer, random: this.dice.random }
  }

  #write(prepared: Prepared): Appended {
    if (prepared.wraps) this.putPages(prepared.wraps)
    const { record, card } = prepared.seal({ ...this.place(), at: this.tick(), seq: 0 })
    if (opensEpoch(prepared.operation.type)) this.keyring.add(prepared.keys)
    if (card) this.cards.push(card)
    return this.append(record)
  }

  putPages({ name, pages }: { readonly name: Bytes; readonly pages: readonly WrapPage[] }): void {
    for (const { page, bytes } of pages) this.pages.set(`${hex(name)}/${page}`, bytes)
  }

  pagesOf(wraps: Bytes): readonly Bytes[] {
    return [...this.pages].flatMap(([name, page]) => (name.startsWith(`${hex(wraps)}/`) ? [page] : []))
  }

  pageFor(wraps: Bytes, index: number): Bytes | undefined {
    return this.pages.get(`${hex(wraps)}/${pageOf(index)}`)
  }

  knock(by: User, { head = headOf(this.room).hash, roomId = this.roomId, name = by.name } = {}): Bytes {
    const wrapKey = by.unwrapper.publicKey
    const shown = { end: 0, last: zeroHash }
    return signKnock(by.signer, { roomId, name, wrapKey, nonce: this.dice.random(16), head, ...shown, at: this.tick() })
  }

  accept(by: User, knock: Bytes) {
    return this.operate(by, { type: 'accept', knock })
  }

  /** All of it: a knock, and `by` accepts. */
  join(by: User, newcomer: User) {
    return this.accept(by, this.knock(newcomer))
  }

  reject(by: User, knock: Bytes, { name, signer }: User) {
    return this.operate(by, { type: 'reject', knockId: knockId(knock), rootKey: signer.publicKey, name })
  }

  invite(by: User, { signer, unwrapper, name }: User) {
    return this.operate(by, { type: 'invite', rootKey: signer.publicKey, wrapKey: unwrapper.publicKey, name })
  }

  enter(invited: User) {
    return this.join(invited, invited)
  }

  kick(by: User, target: User) {
    return this.operate(by, { type: 'kick', rootKey: target.signer.publicKey })
  }

  leave(by: User) {
    return this.operate(by, { type: 'leave' })
  }

  rotate(by: User) {
    return this.operate(by, { type: 'rotate' })
  }

  promote(by: User, target: User) {
    return this.operate(by, { type: 'promote', rootKey: target.signer.publicKey })
  }

  demote(by: User, target: User) {
    return this.operate(by, { type: 'demote', rootKey: target.signer.publicKey })
  }

  policy(by: User, acceptBy: 'members' | 'admins', listed = true, version = 1) {
    return this.operate(by, { type: 'policy', acceptBy, listed, rotateDays: 0, version })
  }

  topic(by: User, topic: string) {
    return this.operate(by, { type: 'topic', topic })
  }

  /** New keys for `by`; the old ones stay in `unwrappers`, as a vault keeps them. */
  async rekey(by: User): Promise<Appended> {
    const { operation, keys } = await this.rekeyOf(by)
    const written = await this.operate(by, operation)
    this.adopt(by, keys)
    return written
  }

  async rekeyOf(by: User) {
    const keys = await this.#keys()
    const [rootKey, wrapKey] = [keys.signer.publicKey, keys.unwrapper.publicKey]
    const proof = keys.signer.sign('conclave/1 rekey', [this.roomId, by.signer.publicKey, rootKey, wrapKey])
    return { operation: { type: 'rekey', rootKey, wrapKey, proof } as const, keys }
  }

  adopt(by: User, keys: { signer: Signer; unwrapper: Unwrapper; wrapSeed: Bytes }): void {
    by.signer = keys.signer
    by.unwrapper = keys.unwrapper
    by.unwrappers.push(keys.unwrapper)
    by.wrapSeeds.push(keys.wrapSeed)
  }

  async repair(by: User, epoch: number): Promise<Appended> {
    const under = this.room.openings.get(epoch)?.under ?? 0
    const repaired = { of: this.keysOf(epoch), to: this.keysOf(under) }
    return this.#write(
      await prepareControl(this.#author(by), this.room, { type: 'repair', epoch }, this.keys, repaired),
    )
  }

  /** `base`: the room right after the record that opened the garbage epoch; now, when nothing stands behind it. */
  async recover(by: User, operation: Operation, base = this.room): Promise<Appended> {
    const under = base.openings.get(base.epoch)?.under ?? 0
    const keys = this.keyring.get(base.openings.get(under))
    if (keys === undefined) throw new Error('no epoch to fall back to')
    return this.#write(await prepareControl(this.#author(by), base, operation, keys))
  }

  say(by: User, ...texts: readonly string[]): Appended {
    return this.post(by, ...texts.map((text) => ({ type: 'text', text }) as const))
  }

  post(by: User, ...contents: readonly Content[]): Appended {
    const written = this.append(this.message(by, { contents }))
    by.counter += contents.length
    return written
  }

  /** A message record's bytes, right but for what is overridden. */
  message(
    by: User,
    { keys = this.keys, i = this.log.length, ...inside }: Partial<MessageInside> & { keys?: EpochKeys; i?: number },
  ): Bytes {
    const rest = { device: by.device, counter: by.counter, seq: by.counter, at: this.tick(), contents: [] }
    const { previousHash } = this.place(i)
    const whole = { previousHash, head: headOf(this.room).hash, ...rest, ...inside }
    return sealMessages(this.roomId, i, keys, by.signer, whole, this.dice.random)
  }

  /**
   * A control record that asks no rule: right in every field but for what is overridden. Opens an epoch with a good link
   * and a wrap for each of `wrapFor` (nobody when absent); the honest clients don't hold its secret until `learn`.
   */
  async forge(by: User, operation: Operation, overrides: ForgeOverrides = {}): Promise<Forged> {
    const { room = this.room, under = this.keys, wrapFor = [], secret, header: fields = {} } = overrides
    const head = headOf(room)
    const n = room.marks.size
    const opens = opensEpoch(operation.type)
    const epoch = opens ? room.epoch + 1 : room.epoch
    const keys = opens ? epochKeys(this.roomId, epoch, head.hash, secret ?? this.dice.random(32)) : under
    const context = { roomId: this.roomId, n, previousHead: head.hash, epoch }
    const targets = wrapFor.map(({ unwrapper }) => ({
      index:
        [...room.members.values()].find((m) => hex(m.wrapKey) === hex(unwrapper.publicKey))?.index ?? room.nextIndex,
      wrapKey: unwrapper.publicKey,
    }))
    const wraps = opens ? await makeWrapPages(context, targets, keys) : undefined
    if (wraps) this.putPages(wraps)
    const badLink = { of: keys.confirm, to: under.epoch, nonce: this.dice.random(12), sealed: this.dice.random(80) }
    const right: ControlHeader = {
      version: 1,
      suite: 1,
      ...this.place(),
      n,
      previousHead: head.hash,
      previousHeadIndex: head.i,
      epoch,
      under: under.epoch,
      confirm: opens ? keys.confirm : null,
      links: opens ? [overrides.badLink ? badLink : sealLink(this.roomId, keys, under, this.dice.random)] : [],
      wraps: wraps?.name ?? null,
      entry: fields.entry === undefined ? await this.#entry(operation, context, epochSeed(under)) : fields.entry,
      ...fields,
    }
    // Of the epoch that it claims to open.
    const { confirm } = right
    const named = fields.wraps === undefined && right.wraps !== null && confirm !== null
    const header = named ? { ...right, wraps: wrapsName({ roomId: this.roomId, ...right }, confirm) } : right
    if (named && wraps) this.putPages({ ...wraps, name: header.wraps ?? wraps.name })
    const body = { operation, at: this.tick(), seq: 0 }
    const signer = overrides.signature ? { ...by.signer, sign: overrides.signature } : by.signer
    return { bytes: sealControl(this.roomId, under, signer, header, body, this.dice.random), keys, header }
  }

  async #entry(operation: Operation, context: Parameters<typeof wrapSecret>[0], seed: Bytes) {
    const wrapped = async (key: Bytes) => (await wrapSecret(context, key, seed)) ?? null
    switch (operation.type) {
      case 'accept': {
        const wrapKey = decodeKnock(operation.knock).wrapKey
        return { tag: knockId(operation.knock).slice(0, entryTagBytes), wrapped: await wrapped(wrapKey) }
      }
      case 'invite':
        return { tag: invitationTag(this.roomId, operation.rootKey), wrapped: await wrapped(operation.wrapKey) }
      case 'reject':
        return { tag: operation.knockId.slice(0, entryTagBytes), wrapped: null }
      default:
        return null
    }
  }

  /** Forges and appends. */
  async forged(by: User, operation: Operation, overrides: ForgeOverrides = {}): Promise<Appended & Forged> {
    const made = await this.forge(by, operation, overrides)
    return { ...made, ...this.append(made.bytes) }
  }

  /** The honest clients come to know a secret, and fold the log again. */
  learn(keys: EpochKeys): void {
    this.keyring.add(keys)
    this.#room = foldChain(this.roomId, this.controls, this.keyring).room
  }
}

export interface ForgeOverrides {
  /** The room that the record pretends to follow. */
  readonly room?: Room
  readonly under?: EpochKeys
  readonly wrapFor?: readonly User[]
  readonly secret?: Bytes
  /** Its link leads nowhere. */
  readonly badLink?: boolean
  readonly header?: Partial<ControlHeader>
  readonly signature?: Signer['sign']
}

export interface Forged {
  readonly bytes: Bytes
  /** Of the epoch that it opens, else those that it is sealed under. */
  readonly keys: EpochKeys
  readonly header: ControlHeader
}
