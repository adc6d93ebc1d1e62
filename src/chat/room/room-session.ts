/** A room as a front end sees it: state and timeline out of the replica, acts through the outbox or straight to the log. */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { dutyDelayMs, outboxMessagesMax } from '../../base/limits.ts'
import type { Operation as Change } from '../../protocol/operation.ts'
import type { Room as RoomState } from '../../protocol/room.ts'
import type {
  ChangedKey,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Knock,
  Member,
  Policy,
  Reading,
  Recovery,
  Repair,
  Room,
  RoomChange,
  Sent,
  Standing,
  Unsubscribe,
  Verification,
} from '../chat.ts'
import { AfterRollback } from '../recovery/after-rollback.ts'
import { checkedContent } from '../timeline/content.ts'
import type { MessageContent, PendingItem, Person, TimelineItem } from '../item.ts'
import { itemsOf, type Viewer } from '../timeline/items.ts'
import { Knocks, type OpenKnock } from '../people/knocks.ts'
import type { Filed } from '../log/ledger.ts'
import { followItems } from './follow-items.ts'
import { Following } from './following.ts'
import { notifyEach } from './listeners.ts'
import type { Damage } from '../log/log-listener.ts'
import { RoomLog } from '../log/room-log.ts'
import { invitationsOf, kickedBy, knockItem, membersOf, otherOf, shownKnocks, standingOf } from '../people/people.ts'
import { changedKeys, followRegistered, keyWarning } from '../people/pins.ts'
import { ReadMark } from '../timeline/read-mark.ts'
import { repairRoom } from '../recovery/repair.ts'
import { RoomActs, type RoomParts } from './room-acts.ts'
import { isTooNew, requireKnownVersion } from '../log/room-version.ts'
import { pendingItem, Sender } from '../outbox/sender.ts'
import { StandingMemory } from '../recovery/standing-memory.ts'
import { historyPage } from '../timeline/timeline.ts'
import { verifyLog } from '../log/verification.ts'

export class RoomSession extends RoomActs implements Room {
  readonly id: string
  readonly #log: RoomLog
  readonly #knocks: Knocks
  readonly #sender: Sender
  readonly #listeners = new Set<(change: RoomChange) => void>()
  readonly #closing = new AbortController()
  readonly #damaged = new Set<number>()
  readonly #following: Following
  /** The log has been read to its end once: what comes now comes live. */
  #live = false
  readonly #mark: ReadMark
  readonly #memory: StandingMemory
  readonly #restore: AfterRollback

  private constructor(parts: RoomParts) {
    super(parts)
    this.id = hex(parts.roomId)
    this.#mark = new ReadMark(parts.home, parts.roomId, parts.identity.name)
    this.#memory = new StandingMemory(parts)
    this.#log = new RoomLog(parts, {
      filed: (records) => this.#filed(records),
      previewed: (records) => this.#previewed(records),
      progressed: () => this.#changed(),
      counted: () => this.#counted(),
      damaged: (damage) => this.#reportDamage(damage),
      diverged: () => this.#restore.parted(),
      reconciling: () => this.#changed(),
    })
    this.#restore = new AfterRollback({
      appending: this.appending,
      identity: parts.identity,
      mark: this.#mark,
      memory: this.#memory,
      nameOf: () => this.name,
      isOwn: (rootKey) => equalBytes(rootKey, this.#self),
      tell: (change) => this.#tell(change),
      queued: () => void this.#sender.adopt().catch((error: unknown) => this.#note('room.outbox', error)),
    })
    const { store, roomId, clock } = parts
    this.#knocks = new Knocks({
      store,
      roomId,
      clock,
      log: this.#log,
      arrived: (knock) => this.#knocked(knock),
      changed: () => this.#changed(),
    })
    this.#following = new Following({
      log: this.#log,
      knocks: this.#knocks,
      clock,
      isOut: () => this.state !== undefined && this.standing !== 'member',
      isMember: () => this.standing === 'member',
      subscribe: (listener) => this.subscribe(listener),
      caughtUp: () => this.#caughtUp(),
      lost: (error) => {
        parts.disconnected(error)
        this.#note('room.follow', error)
      },
    })
    const writeBlocker = () => this.#restore.writeBlocker
    this.#sender = new Sender({ ...parts, appending: this.appending, writeBlocker, changed: () => this.#changed() })
  }

  /** Opens what the home holds of the room; nothing is asked of the store. */
  static async load(parts: RoomParts): Promise<RoomSession> {
    const session = new RoomSession(parts)
    await session.#log.load()
    await session.#mark.load()
    await session.#mark.findMentions(session)
    await session.#restore.look()
    await session.#sender.adopt()
    return session
  }

  get #self(): Bytes {
    return this.parts.identity.signer.publicKey
  }

  get #view(): Viewer {
    const { identity } = this.parts
    return { self: this.#self, warningOf: (room, name, rootKey) => keyWarning(identity, room, name, rootKey) }
  }

  override get log(): RoomLog {
    return this.#log
  }

  override get state(): RoomState | undefined {
    return this.#log.preview?.room ?? this.#log.room
  }

  get reading(): Reading | undefined {
    const { preview, ledger } = this.#log
    return preview && { read: ledger.checkpoint.next, records: preview.end }
  }

  /** Resolves once the newest page can be shown, where there is more than that to read. */
  get previewed(): Promise<void> {
    return this.#log.previewed
  }

  /** A two-person chat is named after the other. */
  override get name(): string {
    const { state } = this
    const other = state?.policy.kind === 'pair' ? otherOf(state, this.#self) : undefined
    if (other !== undefined) return `@${other}`
    return state?.name ?? this.parts.identity.room(this.parts.roomId)?.name ?? this.id.slice(0, 20)
  }

  get topic(): string {
    return this.state?.topic ?? ''
  }

  override get standing(): Standing {
    const remembered = this.parts.identity.room(this.parts.roomId)?.standing ?? 'stranger'
    return standingOf(this.state, this.#self, remembered)
  }

  override get endedBy(): Person | undefined {
    return kickedBy(this.state, this.#self)
  }

  get members(): readonly Member[] {
    return membersOf(this.state)
  }

  get invitations(): readonly Invitation[] {
    return invitationsOf(this.state)
  }

  get changedKeys(): readonly ChangedKey[] {
    return this.state === undefined ? [] : changedKeys(this.parts.identity, this.state)
  }

  get policy(): Policy {
    return this.state?.policy ?? { acceptBy: 'members', listed: false }
  }

  get tooNew(): boolean {
    return this.state !== undefined && isTooNew(this.state)
  }

  get knocks(): readonly Knock[] {
    return shownKnocks(this.parts.identity, this.state, this.openKnocks())
  }

  get pending(): readonly PendingItem[] {
    return this.#sender.waiting.map(pendingItem)
  }

  get seq(): number {
    return this.#log.ledger.checkpoint.seq - 1
  }

  get unread(): number {
    return this.standing === 'member' ? Math.max(0, this.seq - this.#mark.upTo) : 0
  }

  get mentions(): number {
    return this.standing === 'member' ? this.#mark.mentions : 0
  }

  get readUpTo(): number {
    return this.#mark.upTo
  }

  get recovery(): Recovery | undefined {
    return this.#restore.recovery
  }

  override start(): void {
    this.#following.start()
  }

  /** A knock was answered with an accept: reads on where an earlier membership ended. */
  async readmitted(): Promise<void> {
    this.#log.keys.lookAgain()
    const refreshed = this.refresh()
    refreshed.catch((error: unknown) => this.#note('room.refresh', error))
    await Promise.race([refreshed, this.#log.previewed])
    this.start()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sender.close()
    await this.#following.close()
    await this.#memory.close()
    await this.#log.replica.flush().catch(() => undefined)
  }

  override async refresh(signal?: AbortSignal): Promise<void> {
    await this.#log.catchUp(signal)
    await this.#log.replica.flush()
    await this.#knocks.refresh(signal)
    await this.settleStanding()
    await this.#restore.settle(signal)
  }

  /** The store is not where it was: reads it again from where this home's copy ends. */
  restored(): void {
    this.#restore.noticed()
    this.#following.beginAgain()
  }

  async send(content: MessageContent | string): Promise<Sent> {
    const wanted = checkedContent(typeof content === 'string' ? { type: 'text', text: content } : content)
    this.requireMember()
    if (this.state !== undefined) requireKnownVersion(this.state)
    const { writeBlocker } = this.#restore
    if (writeBlocker !== undefined) throw writeBlocker
    if (this.#sender.waiting.length >= outboxMessagesMax) {
      throw new ConclaveError('unavailable', 'too many messages wait to be sent', { retryable: true })
    }
    const { queued, written } = await this.parts.outbox.add(this.parts.roomId, wanted, this.parts.clock.now())
    const { id, taken, sent } = this.#sender.add(queued, written)
    // Whoever does not wait for it is told by the pending list.
    sent.catch(() => undefined)
    await taken
    this.#changed()
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

  async markRead(seq: number): Promise<void> {
    if (await this.#mark.move(Math.min(seq, this.seq))) this.#changed()
  }

  async verify(signal?: AbortSignal): Promise<Verification> {
    const { store, roomId } = this.parts
    await this.#log.catchUp(signal)
    await this.#log.repairAll(signal)
    return verifyLog(store, roomId, this.#log, signal)
  }

  repair(signal?: AbortSignal): Promise<Repair> {
    const { store, roomId, identity, incarnation: life } = this.parts
    const operate = (change: (state: RoomState) => Change) => this.operate(change)
    return repairRoom({ store, roomId, identity, life, log: this.#log, operate }, signal)
  }

  subscribe(listener: (change: RoomChange) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #itemsOf(records: readonly Filed[]): readonly TimelineItem[] {
    const { state } = this
    return state === undefined ? [] : records.flatMap((record) => itemsOf(state, record, this.#view))
  }

  #previewed(records: readonly Filed[]): void {
    if (records.length === 0) this.#tell({ kind: 'renewed' })
    else this.#tell({ kind: 'early', items: this.#itemsOf(records) })
    this.#changed()
  }

  #counted(): void {
    this.#mark.findMentions(this).catch((error: unknown) => this.#note('room.mentions', error))
    this.#chainChanged()
    this.#tell({ kind: 'renewed' })
    this.#changed()
  }

  #caughtUp(): void {
    this.parts.connected()
    this.#changed()
    this.#live = true
    this.#lookAfter()
    const { signal } = this.#closing
    this.#restore.settle(signal).catch((error: unknown) => signal.aborted || this.#note('room.hints', error))
  }

  #chainChanged(): void {
    this.settleStanding().catch((error: unknown) => this.#note('room.standing', error))
    this.#knocks.lookAgain().catch((error: unknown) => this.#note('room.knocks', error))
    if (this.#live) this.#lookAfter()
  }

  #filed(records: readonly Filed[]): void {
    const items = this.#itemsOf(records)
    this.#mark.note(items)
    this.#restore.lookAgain().catch((error: unknown) => this.#note('room.lost', error))
    if (items.length > 0) this.#tell({ kind: 'items', items })
    if (records.some(({ judgement }) => judgement.kind === 'control')) this.#chainChanged()
    this.markRead(this.#mark.ownAmong(items)).catch((error: unknown) => this.#note('room.read', error))
    this.#changed()
  }

  /** A little later and not at once with everybody else: usually one of them is enough. */
  #lookAfter(): void {
    const { signal } = this.#closing
    this.parts.clock
      .sleep(dutyDelayMs * (0.5 + Math.random()), { signal, ref: false })
      .then(() => this.fulfilDuties())
      .catch((error: unknown) => {
        if (!signal.aborted) this.#note('room.duty', error)
      })
  }

  #note(event: string, error: unknown): void {
    this.parts.log.warn(event, { room: this.id.slice(0, 8), error: String(error) })
  }

  #reportDamage({ i, reason }: Damage): void {
    if (this.#damaged.has(i)) return
    this.#damaged.add(i)
    this.parts.log.warn('room.damage', { room: this.id.slice(0, 8), i, reason })
    this.#tell({ kind: 'items', items: [{ kind: 'warning', i, reason: `damage: this record is ${reason}` }] })
  }

  /** The vault's memory of the room is in step with the chain when this resolves; not by a preview of it. */
  protected override async settleStanding(): Promise<void> {
    const settled = await this.#memory.settle(() => {
      const { room } = this.#log
      return room && this.#log.preview === undefined
        ? { room, standing: this.standing, name: this.name, isOpen: this.#log.keys.isOpen }
        : undefined
    })
    if (settled) this.#changed()
  }

  protected override openKnocks(): readonly OpenKnock[] {
    return this.standing === 'member' ? this.#knocks.list(this.state) : []
  }

  async #knocked({ knock }: OpenKnock): Promise<void> {
    await followRegistered(this.parts, knock)
    this.#tell({ kind: 'knock', item: knockItem(this.parts.identity, this.state, knock) })
  }

  #changed(): void {
    this.#tell({ kind: 'state' })
    this.parts.changed()
  }

  #tell(change: RoomChange): void {
    notifyEach(this.#listeners, this.parts.log, change)
  }
}
