/**
 * Random changes of a room, right and wrong, made at once for the program and for the model of its rules. The people here
 * have keys that are only ever compared: nothing is wrapped, since no rule asks for it.
 */
import fc from 'fast-check'
import { equalBytes, hex, type Bytes } from '../../../src/base/bytes.ts'
import { zeroHash } from '../../../src/crypto/hash.ts'
import { signerFromSeed, type Signer } from '../../../src/crypto/sign.ts'
import { sealLink, type EpochKeys } from '../../../src/protocol/epoch.ts'
import { knockId, signKnock } from '../../../src/protocol/knock.ts'
import { opensEpoch, type Operation } from '../../../src/protocol/operation.ts'
import type { ControlHeader, Entry } from '../../../src/protocol/record.ts'
import { headOf, type Room } from '../../../src/protocol/room.ts'
import { invitationTag } from '../../../src/protocol/rules.ts'
import { group, pair, RoomBuilder, type User, type Verdict } from '../room-builder.ts'
import { RulesModel, type Claim } from './rules-model.ts'

const weights = {
  accept: 14,
  reject: 1,
  invite: 5,
  kick: 4,
  leave: 3,
  rotate: 4,
  rekey: 4,
  promote: 6,
  demote: 2,
  policy: 1,
  topic: 1,
  repair: 2,
} as const
type Kind = keyof typeof weights

const often = <T>(weight: number, value: T) => ({ weight, arbitrary: fc.constant(value) })
const die = fc.nat(23)
const flaws = ['signature', 'entry', 'suite', 'index', 'hash', 'epoch'] as const

export const anyStep = fc.record({
  kind: fc.oneof(...Object.entries(weights).map(([kind, weight]) => often(weight, kind as Kind))),
  /** Where it says it stands. */
  place: fc.oneof(often(10, 'head' as const), often(1, 'old' as const), often(4, 'recovery' as const)),
  flaw: fc.oneof(often(18, undefined), { weight: 1, arbitrary: fc.constantFrom(...flaws) }),
  /** Who does it, to whom, with which keys, and whatever else there is to choose. */
  by: die,
  on: die,
  key: die,
  x: die,
})
export type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

interface Puppet {
  readonly signer: Signer
  readonly wrapKey: Bytes
}

interface Made {
  readonly operation: Operation
  readonly claim: Partial<Claim>
  readonly header?: Partial<ControlHeader>
}

export class RulesPlay {
  readonly builder: RoomBuilder
  readonly model: RulesModel
  readonly #puppets: Puppet[] = []
  readonly #knocks: { bytes: Bytes; root: Bytes; wrap: Bytes; head: Bytes; isGenuine: boolean }[] = []
  readonly #rooms: Room[] = []
  /** By the record that opened the epoch. */
  readonly #keys = new Map<number, EpochKeys>()

  private constructor(builder: RoomBuilder, model: RulesModel) {
    this.builder = builder
    this.model = model
  }

  static async open(seed: string, isPair: boolean): Promise<RulesPlay> {
    const builder = new RoomBuilder(seed)
    const { signer, unwrapper, ...creator } = await builder.user('ada')
    await builder.create({ ...creator, signer, unwrapper }, { policy: isPair ? pair : group })
    const { publicKey: wrapKey } = unwrapper
    const play = new RulesPlay(builder, new RulesModel(hex(signer.publicKey), hex(wrapKey), isPair))
    play.#puppets.push({ signer, wrapKey })
    for (let k = 1; k < 6; k += 1) play.#puppets.push(play.#puppet())
    play.#keys.set(0, builder.keys)
    return play
  }

  /** One more record, for both; what each makes of it. */
  async take(step: Step): Promise<{ readonly verdict: Verdict; readonly isValid: boolean }> {
    const { builder, model } = this
    this.#rooms.push(builder.room)
    const author = this.#author(step)
    const room = this.#roomFor(step)
    const under = this.#underFor(room, step)
    const { operation, claim, header = {} } = this.#operation(step, author, room)
    const forger = pick(this.#puppets, step.by + 1)
    const made = await builder.forge(actor(author), operation, {
      room,
      under,
      header: { ...header, ...flawIn(step.flaw, header.entry, builder) },
      ...(step.flaw === 'signature' ? { signature: forger.signer.sign } : {}),
    })
    const { i, verdict } = builder.append(made.bytes)
    if (opensEpoch(operation.type)) {
      this.#keys.set(i, made.keys)
      if (verdict.kind === 'valid') builder.learn(made.keys)
    }
    const isFlawless =
      step.flaw === undefined ||
      (step.flaw === 'signature' && equalBytes(forger.signer.publicKey, author.signer.publicKey)) ||
      (step.flaw === 'entry' && !header.entry)
    const isValid = model.take({
      ...claim,
      kind: operation.type as Kind,
      i,
      by: hex(author.signer.publicKey),
      isGenuine: isFlawless && claim.isGenuine !== false,
      follows: headOf(room).i,
      n: room.marks.size,
      under: under.epoch,
      sealedBy: [...this.#keys].find(([, keys]) => keys === under)?.[0] ?? -1,
      epoch: made.header.epoch,
    })
    return { verdict, isValid }
  }

  /** Who is in, who is invited, and whatever else there is to agree on: as the program has it. */
  get seen(): object {
    const { members, invitations, policy, version, marks, epoch } = this.builder.room
    return {
      members: [...members.values()].map((m) => [hex(m.rootKey), m.index, hex(m.wrapKey), m.admin]).sort(),
      invited: [...invitations.values()].map((m) => [hex(m.rootKey), hex(m.wrapKey), m.by]).sort(),
      acceptBy: policy.acceptBy,
      version,
      epoch,
      chain: [...marks].map(({ i }) => i),
    }
  }

  /** The same as the model has it. */
  get modelled(): object {
    const { members, invited, acceptBy, version, openings } = this.model.room
    return {
      members: [...members].map(([key, { index, wrap, isAdmin }]) => [key, index, wrap, isAdmin]).sort(),
      invited: [...invited].map(([key, { wrap, by }]) => [key, wrap, by]).sort(),
      acceptBy,
      version,
      epoch: openings.length - 1,
      chain: this.model.chain,
    }
  }

  #puppet(): Puppet {
    return { signer: signerFromSeed(this.builder.dice.random(32)), wrapKey: asWrapKey(this.builder.dice.random(1216)) }
  }

  /** Those for whom it holds; everyone, if it holds for nobody. */
  #those(holds: (key: string) => boolean): readonly Puppet[] {
    const those = this.#puppets.filter(({ signer }) => holds(hex(signer.publicKey)))
    return those.length > 0 ? those : this.#puppets
  }

  /** Mostly someone who may do it, otherwise nothing would ever happen. */
  #author(step: Step): Puppet {
    const { members, invitations } = this.builder.room
    const isOpen = ['accept', 'reject', 'invite', 'leave', 'rekey', 'topic'].includes(kindOf(step))
    const able = this.#those((key) => (isOpen ? members.has(key) : members.get(key)?.admin === true))
    const guests = this.#those((key) => invitations.has(key))
    const inside = this.#those((key) => members.has(key))
    const among = pick([able, able, able, inside, this.#puppets, step.kind === 'accept' ? guests : able], step.by)
    return pick(among, step.on + step.key)
  }

  /** Mostly someone to whom it can be done: former members, for those who let people in. */
  #target({ kind, on, key }: Step): Puppet {
    const { members, invitations, departures } = this.builder.room
    const known = this.#those((name) =>
      kind === 'accept' || kind === 'invite' || kind === 'reject'
        ? !members.has(name) && (departures.has(name) || invitations.has(name))
        : members.has(name) || invitations.has(name),
    )
    return pick(key % 3 === 0 ? this.#puppets : known, on)
  }

  #roomFor({ place, x }: Step): Room {
    if (place === 'head') return this.builder.room
    if (place === 'old') return pick(this.#rooms, x * 5)
    const rooms = [this.builder.room, ...[...this.#rooms].reverse()]
    return pick(
      rooms.filter(({ openings, epoch, marks }) => openings.get(epoch)?.n === marks.size - 1),
      x % 5,
    )
  }

  #underFor(room: Room, { place, x }: Step): EpochKeys {
    const opening = room.openings.get(room.epoch)
    const keys = this.builder.keyring.get(place === 'recovery' ? room.openings.get(opening?.under ?? 0) : opening)
    if (keys === undefined) throw new Error('every secret is known here')
    // Now and then one that is not in force.
    return x === 23 ? pick([...this.#keys.values()], x) : keys
  }

  #operation(step: Step, author: Puppet, room: Room): Made {
    const { builder } = this
    const { on, key, x } = step
    const kind = kindOf(step)
    const target = this.#target(step)
    const { publicKey: rootKey } = target.signer
    switch (kind) {
      case 'accept':
      case 'reject': {
        const { bytes, root, wrap, head, isGenuine } = this.#knock(step, author, target)
        const id = knockId(bytes)
        const place = builder.controls.find((record) => hex(record.place.hash) === hex(head))?.place.i ?? -1
        const knock = { id: hex(id), root: hex(root), wrap: hex(wrap), head: place }
        const entry = { tag: id.slice(0, 16), wrapped: kind === 'accept' ? anyWrap : null }
        if (kind === 'accept')
          return { operation: { type: kind, knock: bytes }, claim: { knock, isGenuine }, header: { entry } }
        const operation = { type: kind, knockId: id, rootKey: root, name: 'who' } as const
        return { operation, claim: { knock }, header: { entry } }
      }
      case 'invite': {
        const wrapKey = key < 4 ? pick(this.#puppets, on + 1).wrapKey : target.wrapKey
        const entry = { tag: invitationTag(builder.roomId, rootKey), wrapped: anyWrap }
        const claim = { root: hex(rootKey), wrap: hex(wrapKey) }
        return { operation: { type: kind, rootKey, wrapKey, name: 'who' }, claim, header: { entry } }
      }
      case 'kick':
      case 'promote':
      case 'demote':
        return { operation: { type: kind, rootKey }, claim: { root: hex(rootKey) } }
      case 'leave':
      case 'rotate':
        return { operation: { type: kind }, claim: {} }
      case 'rekey': {
        // New keys; or a root key or wrap key that is taken; or someone else's root key.
        const fresh = this.#puppet()
        const signer = key < 4 ? target.signer : fresh.signer
        const wrapKey = key > 18 ? target.wrapKey : key === 18 ? author.wrapKey : fresh.wrapKey
        this.#puppets.push({ signer, wrapKey })
        const prover = x < 3 ? this.#puppet().signer : signer
        const [from, to] = [author.signer.publicKey, signer.publicKey]
        const proof = prover.sign('conclave/1 rekey', [builder.roomId, from, to, wrapKey])
        const claim = { root: hex(to), wrap: hex(wrapKey), isGenuine: prover === signer }
        return { operation: { type: kind, rootKey: to, wrapKey, proof }, claim }
      }
      case 'policy': {
        const version = x > 21 ? 2 : x > 15 ? 0 : 1
        const acceptBy = key % 2 ? 'members' : 'admins'
        return {
          operation: { type: kind, acceptBy, listed: true, rotateDays: key % 3, version },
          claim: { acceptBy, version },
        }
      }
      case 'topic':
        return { operation: { type: kind, topic: 'tea' }, claim: {} }
      case 'repair': {
        const epoch = x % (room.openings.size + 1)
        const of = key % 6 === 0 ? key % 4 : epoch
        const to = on % 6 === 0 ? on % 4 : (builder.room.openings.get(epoch)?.under ?? 0)
        const [keys] = this.#keys.values() as Iterable<EpochKeys> as [EpochKeys]
        const start = builder.room.openings.get(of)?.confirm ?? builder.dice.random(32)
        const links = [{ ...sealLink(builder.roomId, keys, keys, builder.dice.random), of: start, to }]
        return { operation: { type: kind, epoch }, claim: { repairs: { epoch, of, to } }, header: { links } }
      }
    }
  }

  /** A new one, or one that was there before; by the author or by someone else. */
  #knock({ on, key, x }: Step, author: Puppet, target: Puppet) {
    if (x % 8 === 1 && this.#knocks.length > 0) return pick(this.#knocks, on)
    const { builder } = this
    const isGuest = builder.room.invitations.has(hex(author.signer.publicKey))
    const who = isGuest || key === 0 ? author : target
    const wrapKey = key % 5 === 0 ? pick(this.#puppets, on + 1).wrapKey : who.wrapKey
    const old = headOf(pick(this.#rooms, key * 7 + on)).hash
    const head = x % 3 === 0 ? old : x === 23 ? builder.dice.random(32) : headOf(builder.room).hash
    const roomId = x === 22 ? zeroHash : builder.roomId
    const fields = { roomId, name: 'who', wrapKey, nonce: builder.dice.random(16), head, end: 0, last: zeroHash, at: 0 }
    const signer = x === 20 ? { ...who.signer, sign: this.#puppet().signer.sign } : who.signer
    const bytes = signKnock(signer, fields)
    const knock = { bytes, root: who.signer.publicKey, wrap: wrapKey, head, isGenuine: x !== 20 && x !== 22 }
    this.#knocks.push(knock)
    return knock
  }
}

/** No rule asks what it holds. */
/** Coefficients of ML-KEM below its modulus, and a reduced point: what counts as a wrap key, though nobody has its seed. */
function asWrapKey(bytes: Bytes): Bytes {
  const masks = [0xff, 0x77, 0x7f] as const
  return bytes.map((byte, k) => (k < 1152 ? byte & (masks[k % 3] as number) : k === 1215 ? byte & 0x7f : byte))
}

const anyWrap = { encapsulation: new Uint8Array(1120), ciphertext: new Uint8Array(80) }

function pick<T>(items: readonly T[], k: number): T {
  return items[k % items.length] as T
}

/** An epoch recovery is a kick or a rotation, mostly. */
function kindOf({ kind, place, key }: Step): Kind {
  return place !== 'recovery' || key < 2 ? kind : key % 3 === 0 ? 'kick' : 'rotate'
}

function actor({ signer, wrapKey }: Puppet): User {
  const unwrapper = { publicKey: wrapKey, unwrap: () => Promise.resolve(undefined) }
  return { name: 'who', signer, unwrapper, unwrappers: [], wrapSeeds: [], device: zeroHash, counter: 0 }
}

function flawIn(flaw: Step['flaw'], entry: Entry | null | undefined, builder: RoomBuilder): Partial<ControlHeader> {
  switch (flaw) {
    case 'entry':
      return entry ? { entry: { ...entry, tag: builder.dice.random(16) } } : {}
    case 'suite':
      return { suite: 2 }
    case 'index':
      return { i: builder.log.length + 1 }
    case 'hash':
      return { previousHash: zeroHash }
    case 'epoch':
      return { epoch: builder.room.epoch + 7 }
    default:
      return {}
  }
}
