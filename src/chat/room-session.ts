/** A room as a front end sees it: state and timeline out of the replica, acts through the outbox or straight to the log. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hex, type Bytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { ConclaveError } from '../base/errors.ts'
import { dutyDelayMs, outboxMessagesMax, retryMs } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Random } from '../crypto/random.ts'
import { knockId, knockNonceBytes, signKnock } from '../protocol/knock.ts'
import { inboxId, sealNotice } from '../protocol/notice.ts'
import { inboxKey } from '../protocol/paths.ts'
import { VoidRecord } from '../protocol/verdict.ts'
import type { Signer } from '../crypto/sign.ts'
import { keyWarning, pinMembers, type Contact } from './contacts.ts'
import { dutyName, dutyOf } from './duties.ts'
import type { Operation as Change } from '../protocol/operation.ts'
import { headOf, memberByKey, type Room as RoomState } from '../protocol/room.ts'
import type { Operation, Store } from '../store/store.ts'
import type {
  Confirm,
  Done,
  HistoryPage,
  HistoryQuery,
  Knock,
  Member,
  Room,
  RoomChange,
  Sent,
  Standing,
  Unsubscribe,
  Verification,
} from './chat.ts'
import { checkedContent, shownContent } from './content.ts'
import type { AdminItem, MessageContent, PendingItem, Person, TimelineItem } from './item.ts'
import type { Identity } from './identity.ts'
import { itemsOf, personOf, type Viewer } from './items.ts'
import { Knocks, type OpenKnock } from './knocks.ts'
import type { Filed } from './ledger.ts'
import { followItems } from './follow-items.ts'
import { operate } from './operate.ts'
import type { Outbox } from './outbox.ts'
import { RoomLog, type Damage } from './room-log.ts'
import { kickedBy, knockOf, memberNamed, otherOf, standingOf } from './people.ts'
import { Sender } from './sender.ts'
import { historyPage } from './timeline.ts'
import { verifyLog } from './verification.ts'

export interface RoomParts {
  readonly store: Store
  readonly home: Store
  readonly identity: Identity
  readonly outbox: Outbox
  readonly incarnation: Bytes
  readonly roomId: Bytes
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Whose key a name stands for. @throws no-such-user, unconfirmed-key */
  contact(name: string, confirm: Confirm): Promise<Contact>
  /** Told of every answer and every failure of the store. */
  connected(): void
  disconnected(error: unknown): void
  /** Counts, standing or name changed. */
  changed(): void
}

export class RoomSession implements Room {
  readonly id: string
  readonly #parts: RoomParts
  readonly #log: RoomLog
  readonly #knocks: Knocks
  readonly #sender: Sender
  readonly #listeners = new Set<(change: RoomChange) => void>()
  readonly #closing = new AbortController()
  readonly #damaged = new Set<number>()
  readonly #duties = new Set<string>()
  #following: Promise<unknown> | undefined
  /** The log has been read to its end once: what comes now comes live. */
  #live = false
  #readUpTo = 0
  #standing: Standing | undefined

  private constructor(parts: RoomParts) {
    this.#parts = parts
    this.id = hex(parts.roomId)
    this.#log = new RoomLog(parts, {
      filed: (records) => this.#filed(records),
      damaged: (damage) => this.#reportDamage(damage),
    })
    const { store, roomId, clock } = parts
    this.#knocks = new Knocks({
      store,
      roomId,
      clock,
      log: this.#log,
      arrived: (knock) => this.#tell({ kind: 'knock', item: knockItem(knock) }),
      changed: () => this.#changed(),
    })
    this.#sender = new Sender({ ...parts, appending: this.#appending, changed: () => this.#changed() })
  }

  /** Opens what the home holds of the room; nothing is asked of the store. */
  static async load(parts: RoomParts): Promise<RoomSession> {
    const session = new RoomSession(parts)
    await session.#log.load()
    session.#readUpTo = await session.#log.replica.readUpTo()
    await session.#sender.adopt()
    return session
  }

  get #appending() {
    const { store, roomId, incarnation } = this.#parts
    return { store, roomId, incarnation, log: this.#log }
  }

  get #self(): Bytes {
    return this.#parts.identity.signer.publicKey
  }

  get #view(): Viewer {
    const { identity } = this.#parts
    return { self: this.#self, warningOf: (name, rootKey) => keyWarning(identity, name, rootKey) }
  }

  get log(): RoomLog {
    return this.#log
  }

  get state(): RoomState | undefined {
    return this.#log.room
  }

  /** A two-person chat is named after the other. */
  get name(): string {
    const { state } = this
    const other = state?.policy.kind === 'pair' ? otherOf(state, this.#self) : undefined
    if (other !== undefined) return `@${other}`
    return state?.name ?? this.#parts.identity.room(this.#parts.roomId)?.name ?? this.id.slice(0, 20)
  }

  get topic(): string {
    return this.state?.topic ?? ''
  }

  get standing(): Standing {
    const remembered = this.#parts.identity.room(this.#parts.roomId)?.standing ?? 'stranger'
    return standingOf(this.state, this.#self, remembered)
  }

  get endedBy(): Person | undefined {
    return kickedBy(this.state, this.#self)
  }

  get members(): readonly Member[] {
    return [...(this.state?.members.values() ?? [])].map((member) => ({
      ...personOf(member),
      role: member.admin ? 'admin' : 'member',
    }))
  }

  get knocks(): readonly Knock[] {
    return this.#openKnocks().map(({ knock }) => ({ ...personOf(knock), at: knock.at }))
  }

  get pending(): readonly PendingItem[] {
    return this.#sender.waiting.map(({ id, queued, state, reason }) => ({
      id,
      at: queued.at,
      content: shownContent(queued.content),
      state,
      ...(reason === undefined ? {} : { reason }),
    }))
  }

  get seq(): number {
    return this.#log.ledger.checkpoint.seq - 1
  }

  get unread(): number {
    return this.standing === 'member' ? Math.max(0, this.seq - this.#readUpTo) : 0
  }

  get readUpTo(): number {
    return this.#readUpTo
  }

  /** Follows the room from now on, and comes back whenever the store does. */
  start(): void {
    if (this.standing !== 'member' && this.state !== undefined) return
    this.#following ??= Promise.all([this.#keepFollowing(), this.#keepFollowingKnocks()]).finally(() => {
      this.#following = undefined
    })
  }

  /** A knock was answered with an accept: reads on where an earlier membership ended. */
  async readmitted(): Promise<void> {
    this.#log.keys.lookAgain()
    await this.refresh()
    this.start()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sender.close()
    await this.#following?.catch(() => undefined)
    await this.#log.replica.flush().catch(() => undefined)
  }

  async #keepFollowing(): Promise<void> {
    await this.#again(async (signal) => {
      await this.#log.follow(signal, () => {
        this.#parts.connected()
        this.#changed()
        this.#live = true
        this.#lookAfter()
      })
    })
  }

  async #keepFollowingKnocks(): Promise<void> {
    await this.#again(async (signal) => {
      // Only whoever is in can open them.
      if (this.#log.ledger.keyring.all().length > 0) await this.#knocks.follow(signal)
      else await sleep(retryMs, undefined, { signal })
    })
  }

  async #again(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, ended.signal])
    const unsubscribe = this.subscribe(({ kind }) => {
      // Nothing that comes later is for somebody who is no longer in.
      if (kind === 'state' && this.state !== undefined && this.standing !== 'member') ended.abort()
    })
    try {
      await this.#untilAborted(work, signal)
    } finally {
      unsubscribe()
    }
  }

  async #untilAborted(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await work(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#parts.disconnected(error)
        this.#parts.log.warn('room.follow', { room: this.id.slice(0, 8), error: String(error) })
        await sleep(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#log.catchUp(signal)
    await this.#knocks.refresh(signal)
    await this.#settleStanding()
  }

  async send(content: MessageContent | string): Promise<Sent> {
    const wanted = checkedContent(typeof content === 'string' ? { type: 'text', text: content } : content)
    this.#requireMember()
    if (this.#sender.waiting.length >= outboxMessagesMax) {
      throw new ConclaveError('unavailable', 'too many messages wait to be sent', { retryable: true })
    }
    const queued = await this.#parts.outbox.add(this.#parts.roomId, wanted, this.#parts.clock.now())
    const { id, sent } = this.#sender.add(queued)
    this.#changed()
    // Whoever does not wait for it is told by the pending list.
    sent.catch(() => undefined)
    return { id, sent }
  }

  drop(id: string): Promise<void> {
    return this.#sender.drop(id)
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    return historyPage(this.#log, this.#view, query)
  }

  follow(options: { readonly from?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<TimelineItem> {
    return followItems(this, options)
  }

  accept(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#answer(name, options, ({ bytes }) => ({ type: 'accept', knock: bytes }))
  }

  reject(name: string, options: { readonly fingerprint?: string } = {}): Promise<Done> {
    return this.#answer(name, options, ({ bytes, knock }) => {
      return { type: 'reject', knockId: knockId(bytes), rootKey: knock.rootKey, name: knock.name }
    })
  }

  async #answer(name: string, options: { fingerprint?: string }, change: (knock: OpenKnock) => Change): Promise<Done> {
    await this.refresh()
    this.#requireMember()
    const knock = knockOf(this.#openKnocks(), name, options.fingerprint)
    return this.#operate(() => change(knock), [{ kind: 'delete', key: knock.key }])
  }

  kick(name: string): Promise<Done> {
    return this.#operate((state) => ({ type: 'kick', rootKey: memberNamed(state, name).rootKey }))
  }

  leave(): Promise<Done> {
    return this.#operate(() => ({ type: 'leave' }))
  }

  async #operate(change: (state: RoomState) => Change, along: readonly Operation[] = []): Promise<Done> {
    await this.#log.catchUp()
    this.#requireMember()
    return this.#operateAs(this.#parts.identity.signer, change, along)
  }

  async #operateAs(
    signer: Signer,
    change: (state: RoomState) => Change,
    along: readonly Operation[] = [],
  ): Promise<Done> {
    const i = await operate({ ...this.#parts, signer, appending: this.#appending }, change, along)
    await this.#settleStanding()
    return { i }
  }

  promote(name: string): Promise<Done> {
    return this.#operate((state) => ({ type: 'promote', rootKey: memberNamed(state, name).rootKey }))
  }

  demote(name: string): Promise<Done> {
    return this.#operate((state) => ({ type: 'demote', rootKey: memberNamed(state, name).rootKey }))
  }

  setPolicy(policy: { readonly acceptBy?: 'members' | 'admins'; readonly listed?: boolean }): Promise<Done> {
    return this.#operate(({ policy: { acceptBy, listed }, version }) => {
      return { type: 'policy', acceptBy: policy.acceptBy ?? acceptBy, listed: policy.listed ?? listed, version }
    })
  }

  setTopic(topic: string): Promise<Done> {
    return this.#operate(() => ({ type: 'topic', topic: topic.toWellFormed() }))
  }

  rotate(): Promise<Done> {
    return this.#operate(() => ({ type: 'rotate' }))
  }

  /** The offer stands in the log; a notice in the person's inbox tells him of it. */
  async invite(name: string, confirm: Confirm = {}): Promise<Done> {
    const contact = await this.#parts.contact(name, confirm)
    const done = await this.#operate(() => ({ type: 'invite', ...contact }))
    await this.#notify(contact)
    return done
  }

  async #notify(contact: Contact): Promise<void> {
    const { store, identity, roomId, clock, random } = this.#parts
    const roomName = this.state?.name ?? ''
    const notice = { roomId, roomName, from: identity.name, at: clock.now() }
    const value = await sealNotice(identity.signer, contact, notice)
    if (value === undefined) return
    const key = inboxKey(inboxId(contact.rootKey), random(16))
    await store.commit({ then: [{ kind: 'put', key, value }] })
  }

  /** Takes up an invitation: an accept of one's own. */
  async enterInvited(): Promise<void> {
    const { identity, roomId, random, clock } = this.#parts
    this.#log.keys.lookAgain()
    await this.#log.catchUp()
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

  /** Also when the store's copy of the chain is at hand: finishes a change of keys that was cut off. */
  async fulfilDuties(): Promise<void> {
    const { state } = this
    const duty = state && dutyOf(state, this.#log.ledger, this.#parts.identity)
    if (state === undefined || duty === undefined) return
    const name = dutyName(state, duty)
    if (this.#duties.has(name)) return
    this.#duties.add(name)
    await this.#operateAs(duty.signer, (current) => {
      const now = dutyOf(current, this.#log.ledger, this.#parts.identity)
      if (now?.operation.type !== duty.operation.type) throw new VoidRecord('somebody else did it')
      return now.operation
    })
  }

  async markRead(seq: number): Promise<void> {
    const upTo = Math.min(seq, this.seq)
    if (upTo <= this.#readUpTo) return
    this.#readUpTo = upTo
    await this.#log.replica.markRead(upTo)
    this.#changed()
  }

  async verify(signal?: AbortSignal): Promise<Verification> {
    const { store, home, roomId } = this.#parts
    await this.#log.catchUp(signal)
    return verifyLog(store, home, roomId, this.#log, signal)
  }

  subscribe(listener: (change: RoomChange) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #filed(records: readonly Filed[]): void {
    const { state } = this
    if (state === undefined) return
    const own = records.filter(({ judgement }) => judgement.kind === 'message').at(-1)
    const items = records.flatMap((record) => itemsOf(state, record, this.#view))
    if (items.length > 0) this.#tell({ kind: 'items', items })
    if (records.some(({ judgement }) => judgement.kind === 'control')) {
      this.#settleStanding().catch((error: unknown) => this.#note('room.standing', error))
      if (this.#live) this.#lookAfter()
    }
    // Whoever answers has read what he answers to.
    const last = own && items.at(-1)
    if (last?.kind === 'message' && last.own && last.seq - 1 <= this.#readUpTo) void this.markRead(last.seq)
    this.#changed()
  }

  /** A little later and not at once with everybody else: usually one of them is enough. */
  #lookAfter(): void {
    const { signal } = this.#closing
    sleep(dutyDelayMs * (0.5 + Math.random()), undefined, { signal, ref: false })
      .then(() => this.fulfilDuties())
      .catch((error: unknown) => this.#note('room.duty', error))
  }

  #note(event: string, error: unknown): void {
    this.#parts.log.warn(event, { room: this.id.slice(0, 8), error: String(error) })
  }

  #reportDamage({ i, reason }: Damage): void {
    if (this.#damaged.has(i)) return
    this.#damaged.add(i)
    this.#parts.log.warn('room.damage', { room: this.id.slice(0, 8), i, reason })
    this.#tell({ kind: 'items', items: [{ kind: 'warning', i, reason: `damage: this record is ${reason}` }] })
  }

  /** Keeps the vault's memory of the room in step with the chain. */
  async #settleStanding(): Promise<void> {
    const { identity, roomId } = this.#parts
    const { state, standing } = this
    if (state === undefined || this.#standing === standing) return
    const remembered = identity.room(roomId)
    this.#standing = standing
    await pinMembers(identity, state, this.#parts.clock.now())
    const member = memberByKey(state, this.#self)
    const head = headOf(state)
    await identity.setRoom({
      roomId,
      name: this.name,
      memberIndex: member?.index ?? remembered?.memberIndex ?? null,
      knockHash: remembered?.knockHash ?? null,
      standing,
      head: { n: state.marks.length - 1, hash: head.hash },
    })
    this.#changed()
  }

  #openKnocks(): readonly OpenKnock[] {
    return this.standing === 'member' ? this.#knocks.list(this.state) : []
  }

  #requireMember(): void {
    const { standing } = this
    if (standing === 'member') return
    if (standing === 'kicked') {
      throw new ConclaveError('kicked', `you were kicked from ${this.name} by ${this.endedBy?.name ?? 'an admin'}`, {
        hint: 'knock again: conclave join ROOM; an admin can let you in',
      })
    }
    throw new ConclaveError('not-member', `you are not a member of ${this.name}`, { hint: 'conclave join ROOM' })
  }

  #changed(): void {
    this.#tell({ kind: 'state' })
    this.#parts.changed()
  }

  #tell(change: RoomChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}

function knockItem({ knock }: OpenKnock): AdminItem {
  return { kind: 'admin', at: knock.at, event: 'knock', by: personOf(knock), target: personOf(knock) }
}
