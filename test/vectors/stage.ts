/** Where the rooms of the vectors are played: people whose keys never change, and what a modified client can write. */
import { createHash } from 'node:crypto'
import { concat, utf8, type Bytes } from '../../src/base/bytes.ts'
import { encode, type Value } from '../../src/base/codec.ts'
import { zeroHash } from '../../src/crypto/hash.ts'
import { nonceBytes, sealWithNonce } from '../../src/crypto/seal.ts'
import { signerFromSeed, type Signer } from '../../src/crypto/sign.ts'
import { unwrapperFromSeed, type Unwrapper } from '../../src/crypto/wrap.ts'
import { sealControl } from '../../src/protocol/control.ts'
import { epochKeys, type EpochKeys } from '../../src/protocol/epoch.ts'
import { roomIdOf } from '../../src/protocol/fold.ts'
import { deviceBytes } from '../../src/protocol/message.ts'
import type { Operation, RoomPolicy } from '../../src/protocol/operation.ts'
import { pad } from '../../src/protocol/padding.ts'
import { encodeMessageOuter, type ControlHeader } from '../../src/protocol/record.ts'
import { headOf } from '../../src/protocol/room.ts'
import { labels } from '../../src/protocol/version.ts'
import { makeWrapPages } from '../../src/protocol/wraps.ts'
import { group, pair, RoomBuilder, type Appended, type ForgeOverrides, type User } from '../protocol/room-builder.ts'

export const peopleNames = ['ada', 'bob', 'cyd', 'dan', 'eve'] as const
export type PersonName = (typeof peopleNames)[number]

/** 32 bytes that belong to one purpose for good. */
export function seedOf(...purpose: readonly string[]): Bytes {
  return new Uint8Array(
    createHash('sha256')
      .update(['conclave vectors', ...purpose].join('/'))
      .digest(),
  )
}

const unwrappers = new Map<string, Promise<Unwrapper>>()

export async function personOf(name: string): Promise<User> {
  const wrapSeed = seedOf(name, 'wrap')
  const made = unwrappers.get(name) ?? unwrapperFromSeed(wrapSeed)
  unwrappers.set(name, made)
  const unwrapper = await made
  const signer = signerFromSeed(seedOf(name, 'root'))
  const device = seedOf(name, 'device').slice(0, deviceBytes)
  return { name, signer, unwrapper, unwrappers: [unwrapper], wrapSeeds: [wrapSeed], device, counter: 0 }
}

/** Changes of a message record's inside or outside, as a modified client makes them. */
export interface MessageChange {
  readonly keys?: EpochKeys
  /** What it is sealed and signed for. */
  readonly i?: number
  readonly header?: { readonly version?: number; readonly suite?: number; readonly epoch?: number }
  readonly inside?: Partial<Record<'previousHash' | 'author' | 'device' | 'head', Bytes>> & {
    readonly counter?: number
    readonly contents?: readonly Value[]
  }
  readonly signer?: Signer
}

export class Stage extends RoomBuilder {
  readonly people: Readonly<Record<PersonName, User>>

  private constructor(people: Record<PersonName, User>) {
    super('conclave vectors')
    this.people = people
  }

  /** Nobody has made the room yet. */
  static async empty(): Promise<Stage> {
    const people = await Promise.all(peopleNames.map(personOf))
    return new Stage(Object.fromEntries(people.map((person) => [person.name, person])) as Record<PersonName, User>)
  }

  /** Ada, who made it, is the admin; bob and cyd are members, with indices 1 and 2. One message has been said. */
  static async group(): Promise<Stage> {
    const stage = await Stage.empty()
    const { ada, bob, cyd } = stage.people
    await stage.create(ada, { policy: group })
    await stage.join(ada, bob)
    await stage.join(bob, cyd)
    stage.say(bob, 'hello')
    return stage
  }

  /** The same, and bob is an admin too. */
  static async twoAdmins(): Promise<Stage> {
    const stage = await Stage.group()
    await stage.promote(stage.people.ada, stage.people.bob)
    return stage
  }

  /** A two-person chat of ada's, and nobody else in it yet. */
  static async pair(): Promise<Stage> {
    const stage = await Stage.empty()
    await stage.create(stage.people.ada, { policy: pair, roomName: 'ada-bob' })
    return stage
  }

  /** As `forged`, and the honest come to know the epoch that it opens. */
  async forgedKnown(by: User, operation: Operation, overrides: ForgeOverrides = {}): Promise<Appended> {
    const made = await this.forged(by, operation, overrides)
    this.learn(made.keys)
    return made
  }

  /** A message record that asks no rule. */
  postForged(by: User, change: MessageChange = {}): Appended {
    const { keys = this.keys, i = this.log.length, header = {}, inside = {}, signer = by.signer } = change
    const { version = 1, suite = 1, epoch = keys.epoch } = header
    const about = [version, suite, this.roomId, epoch, i]
    const { previousHash } = this.place(this.log.length)
    const {
      contents = [['text', 'forged']],
      counter = by.counter,
      device = by.device,
      author = signer.publicKey,
    } = inside
    const head = inside.head ?? headOf(this.room).hash
    const fields = [
      inside.previousHash ?? previousHash,
      author,
      device,
      counter,
      by.counter,
      head,
      this.tick(),
      contents,
    ]
    const signature = signer.sign(labels.message, [...about, ...fields])
    const nonce = this.dice.random(nonceBytes)
    const ciphertext = sealWithNonce(keys.message, nonce, encode(about), pad(encode([...fields, signature])))
    return this.append(encodeMessageOuter({ version, suite, epoch, nonce, ciphertext }))
  }

  /** A genesis record that asks no rule; the room has the id that it ought to have, unless another is given. */
  async genesis(
    by: User,
    header: Partial<ControlHeader> = {},
    roomId?: Bytes,
    operation?: Operation,
  ): Promise<Appended> {
    const policy: RoomPolicy = group
    const { publicKey: wrapKey } = by.unwrapper
    const create = { type: 'create', name: by.name, wrapKey, policy, nonce: seedOf('nonce'), roomName: 'demo' } as const
    this.roomId = roomId ?? roomIdOf(by.signer.publicKey, create)
    const keys = epochKeys(this.roomId, 0, zeroHash, this.dice.random(32))
    const wraps = await makeWrapPages(
      { roomId: this.roomId, n: 0, previousHead: zeroHash, epoch: 0 },
      [{ index: 0, wrapKey }],
      keys,
    )
    this.putPages(wraps)
    this.keyring.add(keys)
    const fixed = {
      version: 1,
      suite: 1,
      i: 0,
      n: 0,
      previousHeadIndex: 0,
      previousHead: zeroHash,
      previousHash: zeroHash,
    }
    const whole = {
      ...fixed,
      epoch: 0,
      under: 0,
      confirm: keys.confirm,
      links: [],
      wraps: wraps.name,
      entry: null,
      ...header,
    }
    const body = { operation: operation ?? create, at: this.tick(), seq: 0 }
    return this.append(sealControl(this.roomId, keys, by.signer, whole, body, this.dice.random))
  }

  /** One bit of an earlier record's copy is another; `at` counts from its end if negative. */
  flipped(bytes: Bytes, at: number): Bytes {
    const place = at < 0 ? bytes.length + at : at
    return bytes.map((byte, k) => (k === place ? byte ^ 1 : byte))
  }
}

export const longer = (bytes: Bytes): Bytes => concat(bytes, utf8('x'))
