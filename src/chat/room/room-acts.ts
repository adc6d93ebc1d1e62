/** Changing a room: everything that ends in a control record of one's own, at once or not at all. */
import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import type { Signer } from '../../crypto/sign.ts'
import { knockId, knockNonceBytes, signKnock } from '../../protocol/knock.ts'
import { inboxId, sealNotice } from '../../protocol/notice.ts'
import type { Operation as Change } from '../../protocol/operation.ts'
import { inboxKey } from '../../protocol/paths.ts'
import { headOf, type Room as RoomState } from '../../protocol/room.ts'
import { VoidRecord } from '../../protocol/verdict.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { Appending } from '../outbox/append.ts'
import type { Confirm, Done, Policy, Standing } from '../chat.ts'
import { changedKey, type Contact } from '../people/contacts.ts'
import { checkListable, list, unlist } from '../people/directory.ts'
import { dutyName, dutyOf } from './duties.ts'
import type { Identity } from '../identity/identity.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import type { Person } from '../item.ts'
import type { OpenKnock } from '../people/knocks.ts'
import { operate } from '../outbox/operate.ts'
import type { Outbox } from '../replica/outbox.ts'
import { knockOf, memberNamed, memberOrInvited } from '../people/people.ts'
import { knownOtherwise } from '../people/pins.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface RoomParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly outbox: Outbox
  readonly incarnation: StoreIdentity
  readonly roomId: Bytes
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Whether this store is one in which this identity is at home. */
  isOurs(signal?: AbortSignal): Promise<boolean>
  /** Whose key a name stands for. @throws no-such-user, unconfirmed-key */
  contact(name: string, confirm: Confirm): Promise<Contact>
  /** Told of every answer and every failure of the store. */
  connected(): void
  disconnected(error: unknown): void
  /** Counts, standing or name changed. */
  changed(): void
}

export abstract class RoomActs {
  protected readonly parts: RoomParts
  /** What was once tried for the room, so that what failed is not tried for ever. */
  readonly #tried = new Set<string>()
  #duty: Promise<unknown> | undefined

  constructor(parts: RoomParts) {
    this.parts = parts
  }

  abstract get name(): string
  abstract get state(): RoomState | undefined
  abstract get standing(): Standing
  abstract get endedBy(): Person | undefined
  abstract get log(): RoomLog
  /** Follows the room from now on. */
  abstract start(): void
  abstract refresh(): Promise<void>
  protected abstract openKnocks(): readonly OpenKnock[]
  protected abstract settleStanding(): Promise<void>

  protected get appending(): Appending {
    const { store, roomId, incarnation } = this.parts
    return { store, roomId, incarnation, log: this.log }
  }

  accept(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#answer(name, options, ({ bytes, knock }) => {
      const known = options.fingerprint === undefined ? knownOtherwise(this.parts.identity, knock) : undefined
      if (known !== undefined) throw changedKey(knock, known)
      return { type: 'accept', knock: bytes }
    })
  }

  reject(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#answer(name, options, ({ bytes, knock }) => {
      return { type: 'reject', knockId: knockId(bytes), rootKey: knock.rootKey, name: knock.name }
    })
  }

  async #answer(name: string, options: { fingerprint?: string }, change: (knock: OpenKnock) => Change): Promise<Done> {
    await this.refresh()
    this.requireMember()
    const knock = knockOf(this.openKnocks(), name, options.fingerprint)
    return this.operate(() => change(knock), [{ kind: 'delete', key: knock.key }])
  }

  kick(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.operate((state) => {
      return { type: 'kick', rootKey: memberOrInvited(state, name, options.fingerprint).rootKey }
    })
  }

  async leave(): Promise<Done> {
    const done = await this.operate(() => ({ type: 'leave' }))
    // Nobody is left: nobody could answer who finds it.
    if (this.state?.members.size === 0) await unlist(this.parts.store, this.parts.roomId, this.name, 'with-card')
    return done
  }

  protected async operate(change: (state: RoomState) => Change, along: readonly Operation[] = []): Promise<Done> {
    const asMember = (state: RoomState): Change => {
      // Also after a loss: somebody may have kicked this person meanwhile.
      this.requireMember()
      return change(state)
    }
    return this.#operateAs(this.parts.identity.signer, asMember, along)
  }

  async #operateAs(
    signer: Signer,
    change: (state: RoomState) => Change,
    along: readonly Operation[] = [],
  ): Promise<Done> {
    const i = await operate({ ...this.parts, signer, appending: this.appending }, change, along)
    // Whoever is told that it was done remembers it, whatever becomes of the store.
    await this.log.replica.flush()
    await this.settleStanding()
    return { i }
  }

  promote(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#setAdmin('promote', name, options.fingerprint)
  }

  demote(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#setAdmin('demote', name, options.fingerprint)
  }

  #setAdmin(type: 'promote' | 'demote', name: string, fingerprint: string | undefined): Promise<Done> {
    return this.operate((state) => ({ type, rootKey: memberNamed(state, name, fingerprint).rootKey }))
  }

  async setPolicy(policy: Partial<Policy>): Promise<Done> {
    const { store, roomId } = this.parts
    if (policy.listed === true) await checkListable(store, roomId, this.name)
    const done = await this.operate(({ policy: { kind, acceptBy, listed }, version }) => {
      if (kind === 'pair') throw new ConclaveError('not-allowed', 'a chat of two has no rules to change')
      return { type: 'policy', acceptBy: policy.acceptBy ?? acceptBy, listed: policy.listed ?? listed, version }
    })
    if (policy.listed === true) await list(store, roomId, this.name)
    else if (policy.listed === false) await unlist(store, roomId, this.name)
    return done
  }

  setTopic(topic: string): Promise<Done> {
    return this.operate(() => ({ type: 'topic', topic: topic.toWellFormed() }))
  }

  rotate(): Promise<Done> {
    return this.operate(() => ({ type: 'rotate' }))
  }

  /** The offer stands in the log; a notice in the person's inbox tells him of it. */
  async invite(name: string, confirm: Confirm = {}): Promise<Done> {
    const contact = await this.parts.contact(name, confirm)
    const done = await this.operate(() => ({ type: 'invite', ...contact }))
    await this.#notify(contact)
    return done
  }

  async #notify(contact: Contact): Promise<void> {
    const { store, identity, roomId, clock, random } = this.parts
    const roomName = this.state?.name ?? ''
    const notice = { roomId, roomName, from: identity.name, at: clock.now() }
    const value = await sealNotice(identity.signer, contact, notice)
    if (value === undefined) return
    const key = inboxKey(inboxId(contact.rootKey), random(16))
    await store.commit({ then: [{ kind: 'put', key, value }] })
  }

  /** Takes up an invitation: an accept of one's own. */
  async enterInvited(): Promise<void> {
    const { identity, roomId, random, clock } = this.parts
    this.log.keys.lookAgain()
    await this.log.catchUp()
    if (this.standing === 'member') return
    const { signer, name, wrapKey } = identity
    await this.#operateAs(signer, (state) => {
      const knock = signKnock(signer, {
        roomId,
        name,
        wrapKey,
        nonce: random(knockNonceBytes),
        head: headOf(state).hash,
        at: clock.now(),
      })
      return { type: 'accept', knock }
    })
    this.start()
  }

  /** False for a member who was given no key that opens what is said now: he knocks again. True while the store is away. */
  async hasKeys(signal?: AbortSignal): Promise<boolean> {
    try {
      return (await this.log.currentKeys(signal)) !== undefined
    } catch (error) {
      if (isConclaveError(error, 'unavailable')) return true
      throw error
    }
  }

  /** Also when the store's copy of the chain is at hand: finishes a change of keys that was cut off. */
  async fulfilDuties(): Promise<void> {
    // A new epoch's link is looked at at once, and that takes its key.
    if (this.standing === 'member') await this.log.currentKeys()
    const { state } = this
    const duty = state && dutyOf(state, this.log, this.parts.identity)
    if (state === undefined || duty === undefined) return
    const name = dutyName(state, duty)
    // One at a time, and in a large room it takes a while: what it does is decided anew whenever the room has changed.
    if (this.#duty !== undefined) return void (await this.#duty.catch(() => undefined))
    if (this.#tried.has(name)) return
    this.#tried.add(name)
    this.#duty = this.#operateAs(duty.signer, (current) => {
      const now = dutyOf(current, this.log, this.parts.identity)
      if (now?.operation.type !== duty.operation.type) throw new VoidRecord('somebody else did it')
      return now.operation
    })
    await this.#duty.finally(() => (this.#duty = undefined))
  }

  protected requireMember(): void {
    const { standing } = this
    if (standing === 'member') return
    if (standing === 'kicked') {
      throw new ConclaveError('kicked', `you were kicked from ${this.name} by ${this.endedBy?.name ?? 'an admin'}`, {
        hint: 'knock again: conclave join ROOM; an admin can let you in',
      })
    }
    throw new ConclaveError('not-member', `you are not a member of ${this.name}`, { hint: 'conclave join ROOM' })
  }
}
