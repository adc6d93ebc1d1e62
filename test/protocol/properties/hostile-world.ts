/**
 * A room that honest and hostile members write at random: each action is three small numbers, so that a run that fails
 * shrinks to the few that matter. Whatever the rules refuse is written all the same, as a modified client would.
 */
import fc from 'fast-check'
import { equalBytes, fromHex, hex, type Bytes } from '../../../src/base/bytes.ts'
import { foldChain } from '../../../src/protocol/chain.ts'
import { sealLink, type EpochKeys, type EpochOpening } from '../../../src/protocol/epoch.ts'
import { Keyring } from '../../../src/protocol/keyring.ts'
import { decodeKnock, knockId } from '../../../src/protocol/knock.ts'
import { opensEpoch, type Operation } from '../../../src/protocol/operation.ts'
import { decodeRecord } from '../../../src/protocol/record.ts'
import { headOf, type Room } from '../../../src/protocol/room.ts'
import { VoidRecord } from '../../../src/protocol/verdict.ts'
import { pair, RoomBuilder, type Appended, type Forged, type ForgeOverrides, type User } from '../room-builder.ts'

/** What each does to the log; how often it is drawn. */
const kinds = {
  say: 8,
  sayTwice: 1,
  sayOnOldHead: 1,
  sayUnderOldEpoch: 2,
  sayElsewhere: 1,
  sayAsAnother: 2,
  sayWithFalseClaims: 1,
  junk: 1,
  replay: 2,
  alter: 1,
  join: 5,
  joinWithOldHead: 1,
  rewrap: 2,
  reject: 1,
  invite: 2,
  enter: 2,
  kick: 3,
  leave: 2,
  rotate: 3,
  rekey: 2,
  promote: 3,
  demote: 1,
  policy: 1,
  topic: 2,
  repair: 1,
  badLink: 1,
  badSignature: 2,
  onOldHead: 2,
  recovery: 5,
  garbage: 3,
  partialGarbage: 2,
  hidden: 2,
  reveal: 1,
} as const
type Kind = keyof typeof kinds

const forAdmins = new Set<Kind>([
  'kick',
  'rotate',
  'promote',
  'demote',
  'policy',
  'recovery',
  'garbage',
  'partialGarbage',
  'badLink',
])

export interface Action {
  readonly kind: Kind
  readonly by: number
  readonly on: number
  readonly x: number
}

export const names = ['ada', 'bob', 'cyd', 'dan', 'eve'] as const

/** Of all kinds, or of some. */
export function actions(length: number, only?: readonly Kind[]): fc.Arbitrary<Action[]> {
  const drawn = only ? only.map((kind) => [kind, 1] as const) : (Object.entries(kinds) as [Kind, number][])
  const kind = fc.oneof(...drawn.map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) })))
  const small = fc.nat({ max: 30 })
  return fc.array(fc.record({ kind, by: small, on: small, x: small }), { minLength: length / 2, maxLength: length })
}

export class HostileWorld {
  readonly builder: RoomBuilder
  readonly users: User[] = []
  /** What the hostile know beyond what the honest clients do: secrets that they gave to nobody. */
  readonly kept: EpochKeys[] = []
  /** Whom each secret was given to, by entries and pages; and from which secret a link leads to which. */
  readonly given: { readonly to: string; readonly opening: string }[] = []
  readonly links: { readonly of: string; readonly to: string }[] = []
  /** Every state that the room was ever in, for those who pretend that it still is. */
  readonly #rooms: Room[] = []

  /** Nobody inside writes what the rules refuse: so nobody gives a key away. */
  readonly #isLoyal: boolean

  private constructor(seed: string, isLoyal: boolean) {
    this.builder = new RoomBuilder(seed)
    this.#isLoyal = isLoyal
  }

  /** Three are in, the first two as admins; in a two-person chat two. */
  static async open(seed: string, { isPair = false, isLoyal = false } = {}): Promise<HostileWorld> {
    const world = new HostileWorld(seed, isLoyal)
    for (const name of names) world.users.push(await world.builder.user(name))
    const [ada, bob, cyd] = world.users as [User, User, User]
    await world.builder.create(ada, isPair ? { policy: pair } : {})
    world.given.push({ to: ada.name, opening: idOf(world.builder.keys) })
    const join = (by: User, newcomer: User) =>
      world.#operate(by, { type: 'accept', knock: world.builder.knock(newcomer) })
    await join(ada, bob)
    if (isPair) return world
    await join(bob, cyd)
    await world.builder.promote(ada, bob)
    return world
  }

  async play(actions: readonly Action[]): Promise<void> {
    for (const action of actions) {
      this.#rooms.push(this.builder.room)
      await this.#act(action)
    }
  }

  /** Mostly someone who may: otherwise a room would see nothing but nonsense. */
  #author(kind: Kind, k: number): User {
    const members = this.#members()
    const admins = members.filter(({ signer }) => this.builder.room.members.get(hex(signer.publicKey))?.admin)
    const able = forAdmins.has(kind) ? admins : members
    const among = k % 4 === 0 || able.length === 0 || kind === 'enter' ? this.users : able
    return among[k % among.length] as User
  }

  #members({ members } = this.builder.room): User[] {
    return this.users.filter(({ signer }) => members.has(hex(signer.publicKey)))
  }

  /** The newest keys that an honest client holds. */
  get heldKeys(): EpochKeys {
    const { builder } = this
    const held = [...builder.room.openings].flatMap((opening) => builder.keyring.get(opening) ?? [])
    const [newest] = held.sort((a, b) => b.epoch - a.epoch)
    if (newest === undefined) throw new Error('someone holds the first epoch')
    return newest
  }

  /** As an honest client would, or else as a hostile one. */
  async #operate(by: User, operation: Operation): Promise<void> {
    const { builder } = this
    const current = builder.keyring.get(builder.room.openings.get(builder.room.epoch))
    try {
      if (current === undefined) throw new VoidRecord('nobody honest writes without a key')
      // Someone who rekeys gets the secret under the new keys, which they adopt afterwards.
      const wrapFor = this.#wrappedIn(builder.room, operation)
      const { bytes } = await builder.operate(by, operation)
      return this.#note(bytes, current, operation, wrapFor)
    } catch (error) {
      refusal(error)
    }
    if (!this.#isLoyal) await this.#forge(by, operation)
  }

  /**
   * Everyone in the room or invited, except those whom this record removes and their guests (I5):
   * an honest client wraps for them.
   */
  #wrappedIn(room: Room, operation: Operation): User[] {
    const gone = operation.type === 'kick' ? hex(operation.rootKey) : ''
    const inviter = room.members.get(gone)?.index
    const left = [...room.members, ...[...room.invitations].filter(([, invitation]) => invitation.by !== inviter)]
    const wraps = left.flatMap(([key, { wrapKey }]) => (key === gone ? [] : [hex(wrapKey)]))
    return this.users.filter(({ unwrappers }) => unwrappers.some(({ publicKey }) => wraps.includes(hex(publicKey))))
  }

  #note(bytes: Bytes, under: EpochKeys, operation: Operation, wrapFor: readonly User[], linkIsGood = true): void {
    const record = decodeRecord(bytes)
    if (record.kind !== 'control') throw new Error('a control record')
    const { epoch, previousHead: before, confirm, entry } = record.outer.header
    if (confirm !== null) {
      const opening = idOf({ epoch, before, confirm })
      for (const { name } of wrapFor) this.given.push({ to: name, opening })
      // Links lead to lower epochs alone, or they would lead in circles.
      if (linkIsGood && under.epoch < epoch) this.links.push({ of: opening, to: idOf(under) })
    }
    // A wrap says of which epoch its secret is: one that was made without the key in force says something false.
    if (!entry?.wrapped || epoch !== under.epoch) return
    const rootKey = operation.type === 'accept' ? decodeKnock(operation.knock).rootKey : rootKeyOf(operation)
    const target = this.users.find(({ signer }) => rootKey && equalBytes(signer.publicKey, rootKey))
    if (target) this.given.push({ to: target.name, opening: idOf(under) })
  }

  /** If it opens an epoch, its secret is given to every member. */
  async #forge(by: User, operation: Operation, overrides: ForgeOverrides = {}): Promise<Appended & Forged> {
    const members = this.#members(overrides.room)
    const made = await this.builder.forged(by, operation, {
      under: this.heldKeys,
      wrapFor: members,
      ...overrides,
    })
    const { wrapFor = members, under = this.heldKeys, header } = overrides
    this.#note(made.bytes, under, operation, wrapFor, header?.links === undefined && !overrides.badLink)
    if (opensEpoch(operation.type) && wrapFor.length > 0) this.builder.learn(made.keys)
    return made
  }

  async #act({ kind, by, on, x }: Action): Promise<void> {
    const { builder } = this
    const author = this.#author(kind, by)
    const other = this.users[on % this.users.length] as User
    const text = (said: string) => ({ contents: [{ type: 'text', text: said }] }) as const
    const target = { rootKey: other.signer.publicKey }
    const old = this.#rooms[x % this.#rooms.length] as Room
    switch (kind) {
      case 'say':
        builder.append(builder.message(author, { ...text(`${kind} ${x}`), keys: this.heldKeys }))
        author.counter += x % 2
        return
      case 'sayTwice':
        for (let k = 0; k < 2; k += 1) builder.append(builder.message(author, { ...text(kind), keys: this.heldKeys }))
        return
      case 'sayOnOldHead':
        builder.append(builder.message(author, { ...text(kind), keys: this.heldKeys, head: headOf(old).hash }))
        return
      case 'sayUnderOldEpoch': {
        const all = [...builder.keyring.all(), ...this.kept]
        builder.append(builder.message(author, { ...text(kind), keys: all[x % all.length] as EpochKeys }))
        return
      }
      case 'sayElsewhere':
        builder.append(builder.message(author, { ...text(kind), keys: this.heldKeys, i: x }))
        return
      case 'sayAsAnother': {
        const posing = { ...author, signer: { ...author.signer, sign: other.signer.sign } }
        builder.append(builder.message(posing, { ...text(kind), keys: this.heldKeys }))
        // It follows a record that counts for nothing, and counts.
        builder.append(builder.message(other, { ...text('behind'), keys: this.heldKeys }))
        return
      }
      case 'sayWithFalseClaims':
        builder.append(builder.message(author, { ...text(kind), keys: this.heldKeys, seq: 10 ** 9, at: x, counter: x }))
        return
      case 'junk':
        builder.append([fromHex('c0ffee'), fromHex('86'), new Uint8Array(0), fromHex('9001')][x % 4] as Bytes)
        return
      case 'replay':
        builder.append(builder.log[x % builder.log.length] as Bytes)
        return
      case 'alter': {
        const bytes = builder.log[x % builder.log.length] as Bytes
        builder.append(bytes.map((byte, at) => (at === (by * 37 + on) % bytes.length ? byte ^ 1 : byte)))
        return
      }
      case 'join':
        return this.#operate(author, { type: 'accept', knock: builder.knock(other) })
      case 'joinWithOldHead':
        return this.#operate(author, { type: 'accept', knock: builder.knock(other, { head: headOf(old).hash }) })
      case 'rewrap':
        return this.#operate(author, { type: 'accept', knock: builder.knock(other) })
      case 'reject': {
        const knock = builder.knock(other)
        await this.#operate(author, { type: 'reject', knockId: knockId(knock), ...target, name: other.name })
        if (x % 2 === 0) await this.#operate(author, { type: 'accept', knock })
        return
      }
      case 'invite':
        return this.#operate(author, {
          type: 'invite',
          ...target,
          wrapKey: other.unwrapper.publicKey,
          name: other.name,
        })
      case 'enter':
        return this.#operate(author, { type: 'accept', knock: builder.knock(author) })
      case 'kick':
        return this.#operate(author, { type: 'kick', ...target })
      case 'leave':
      case 'rotate':
        return this.#operate(author, { type: kind })
      case 'rekey': {
        const { operation, keys } = await builder.rekeyOf(author)
        await this.#operate(author, operation)
        if (builder.verdicts.at(-1)?.kind === 'valid') builder.adopt(author, keys)
        return
      }
      case 'promote':
      case 'demote':
        return this.#operate(author, { type: kind, ...target })
      case 'policy':
        return this.#operate(author, {
          type: 'policy',
          acceptBy: x % 2 ? 'members' : 'admins',
          listed: true,
          rotateDays: x % 3,
          version: 1,
        })
      case 'topic':
        return this.#operate(author, { type: 'topic', topic: `tea ${x}` })
      case 'repair': {
        const epoch = x % builder.room.openings.size
        const [of, to] = [epoch, builder.room.openings.get(epoch)?.under ?? 0].map((e) =>
          builder.keyring.get(builder.room.openings.get(e)),
        )
        if (of === undefined || to === undefined) return
        const links = [sealLink(builder.roomId, of, to, builder.dice.random)]
        await this.#forge(author, { type: 'repair', epoch }, { header: { links } })
        if (to.epoch < of.epoch) this.links.push({ of: idOf(of), to: idOf(to) })
        return
      }
      case 'badLink': {
        await this.#forge(author, { type: 'rotate' }, { badLink: true })
        return
      }
      case 'badSignature':
        await this.#forge(author, { type: 'topic', topic: kind }, { signature: other.signer.sign })
        return
      case 'onOldHead':
        await this.#forge(
          author,
          { type: x % 2 ? 'rotate' : 'leave' },
          { room: old, under: this.#keysIn(old), wrapFor: [author] },
        )
        return
      case 'recovery': {
        const [base, under] = this.#wayFrom(x)
        const operation: Operation = on % 2 ? { type: 'rotate' } : { type: 'kick', ...target }
        if (base === undefined || under === undefined) return
        try {
          const { bytes } = await builder.recover(author, operation, base)
          this.#note(bytes, under, operation, this.#wrappedIn(base, operation))
        } catch (error) {
          refusal(error)
          await this.#forge(author, operation, { room: base, under })
        }
        return
      }
      case 'garbage': {
        const rekey = x % 3 === 0 ? (await builder.rekeyOf(author)).operation : undefined
        const { keys } = await this.#forge(author, rekey ?? { type: 'rotate' }, { wrapFor: [] })
        this.kept.push(keys)
        return
      }
      case 'partialGarbage':
        await this.#forge(
          author,
          { type: 'rotate' },
          { wrapFor: this.#members().filter((_, k) => ((x >> k) & 1) === 1) },
        )
        return
      case 'hidden': {
        const [keys, view] = this.#hiddenView()
        if (keys === undefined || view === undefined) return
        const operation: Operation = x % 2 ? { type: 'demote', ...target } : { type: 'topic', topic: kind }
        await this.#forge(author, operation, { room: view, under: keys })
        builder.append(builder.message(author, { ...text(kind), keys, head: headOf(view).hash }))
        return
      }
      case 'reveal': {
        const [keys, view] = this.#hiddenView()
        if (keys === undefined || view === undefined) return
        await this.#forge(author, { type: 'accept', knock: builder.knock(other) }, { room: view, under: keys })
        builder.learn(keys)
        return
      }
    }
  }

  /** The room as those see it who hold the newest secret that was kept. */
  #hiddenView(): [EpochKeys | undefined, Room | undefined] {
    const { builder } = this
    const keyring = new Keyring()
    for (const keys of [...builder.keyring.all(), ...this.kept]) keyring.add(keys)
    const room = foldChain(builder.roomId, builder.controls, keyring).room
    return [room && keyring.get(room.openings.get(room.epoch)), room]
  }

  #keysIn(room: Room): EpochKeys {
    return this.builder.keyring.get(room.openings.get(room.epoch)) ?? this.heldKeys
  }

  /** Where an epoch recovery may begin, or pretends to: a room whose head opened an epoch. */
  #wayFrom(x: number): [Room | undefined, EpochKeys | undefined] {
    const rooms = [this.builder.room, ...[...this.#rooms].reverse()]
    const opened = rooms.filter((room, k) => {
      const opening = room.openings.get(room.epoch)
      const isNew = rooms[k - 1]?.marks.size !== room.marks.size
      return isNew && opening !== undefined && opening.n > 0 && opening.n === room.marks.size - 1
    })
    const base = opened[x % Math.min(3, opened.length)]
    const opening = base?.openings.get(base.epoch)
    return [base, opening && this.builder.keyring.get(base?.openings.get(opening.under))]
  }
}

/** What tells one opening from another. */
export const idOf = ({ epoch, before, confirm }: EpochOpening): string => [epoch, hex(before), hex(confirm)].join()

const rootKeyOf = (operation: Operation): Bytes | undefined => ('rootKey' in operation ? operation.rootKey : undefined)

function refusal(error: unknown): void {
  if (!(error instanceof VoidRecord)) throw error
}
