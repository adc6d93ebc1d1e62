/**
 * An open room: its log, requests, outbox and read mark, each kept in sync with the store, and the reactions to news of
 * each.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { presenceFarewellMs } from '../../base/limits.ts'
import { Emitter } from '../../base/emitter.ts'
import type { Room as RoomState } from '../../protocol/room.ts'
import type { Revision } from '../../store/store.ts'
import type { RoomChange, RoomEvents, Standing, Unsubscribe } from '../chat.ts'
import { Retry } from '../connection/retry.ts'
import type { Person, TimelineItem } from '../item.ts'
import type { AppliedRecord } from '../replay/log-state.ts'
import type { Damage } from '../reconcile/reconciler.ts'
import { RoomLog } from '../log/room-log.ts'
import { Sender } from '../outbox/sender.ts'
import { Knocks, type OpenKnock } from '../people/knocks.ts'
import { kickedBy, knockItem, otherOf, standingOf } from '../people/people.ts'
import { followRegistered, keyWarning } from '../people/pins.ts'
import { Presence } from '../people/presence.ts'
import { AfterRollback } from '../recovery/after-rollback.ts'
import { MembershipSync } from '../recovery/membership-sync.ts'
import { itemsOf, type Viewer } from '../timeline/items.ts'
import { ReadMark } from '../timeline/read-mark.ts'
import { historyPage } from '../timeline/timeline.ts'
import { Duties } from './duties.ts'
import { Following } from './following.ts'
import { appendingTo, type RoomContext, type RoomParts } from './room-context.ts'

/** `update` carries all of them, for front ends that show a room. */
type Events = RoomEvents & { readonly update: RoomChange }

export class OpenRoom implements RoomContext {
  readonly id: string
  readonly parts: RoomParts
  readonly log: RoomLog
  protected readonly events: Emitter<Events>
  protected readonly sender: Sender
  protected readonly mark: ReadMark
  protected readonly restore: AfterRollback
  protected readonly closing = new AbortController()
  readonly #duties: Duties
  readonly #knocks: Knocks
  readonly #following: Following
  readonly #memory: MembershipSync
  protected readonly presence: Presence
  #attending: Promise<void> = Promise.resolve()
  readonly #damaged = new Set<number>()
  /** The log has been read to its end once: from now on, records are live. */
  #live = false

  constructor(parts: RoomParts) {
    this.id = hex(parts.roomId)
    this.parts = parts
    this.events = new Emitter(parts.log)
    this.mark = new ReadMark(parts.home, parts.roomId, parts.identity.name, () => this.isDirect)
    this.#memory = new MembershipSync(parts)
    this.#duties = new Duties(this)
    this.log = new RoomLog(parts, {
      applied: (records) => this.#applied(records),
      previewed: (records) => this.#previewed(records),
      progressed: () => this.changed(),
      counted: () => this.#counted(),
      damaged: (damage) => this.#reportDamage(damage),
      diverged: () => this.restore.diverged(),
      reconciling: () => this.changed(),
    })
    const appending = appendingTo(parts, this.log)
    this.restore = new AfterRollback({
      appending,
      identity: parts.identity,
      mark: this.mark,
      memory: this.#memory,
      nameOf: () => this.name,
      isOwn: (rootKey) => equalBytes(rootKey, this.self),
      tell: (change) => this.#tell(change),
      requeued: () => this.#logged('room.outbox', this.sender.adopt()),
    })
    const { store, roomId } = parts
    this.#knocks = new Knocks({
      ...parts,
      log: this.log,
      arrived: (knock) => this.#knocked(knock),
      changed: () => this.changed(),
    })
    const retryOf = (event: string) => new Retry({ ...parts, event, room: this.id.slice(0, 8) })
    this.#following = new Following({
      store,
      roomId,
      incarnation: parts.incarnation,
      log: this.log,
      knocks: this.#knocks,
      retry: retryOf('room.follow'),
      isOut: () => this.state !== undefined && this.standing !== 'member',
      isMember: () => this.standing === 'member',
      subscribe: (listener) => this.subscribe(listener),
      caughtUp: (fresh) => this.#caughtUp(fresh),
    })
    this.presence = new Presence({
      ...parts,
      log: this.log,
      retry: retryOf('room.presence'),
      // On the way through a long history keys and members change all the time.
      isReady: () => this.standing === 'member' && this.log.preview === undefined,
      subscribe: (listener) => this.subscribe(listener),
      changed: () => this.changed(),
    })
    const writeBlocker = () => this.restore.writeBlocker
    const retry = retryOf('room.send')
    this.sender = new Sender({ ...parts, appending, retry, writeBlocker, changed: () => this.changed() })
  }

  /** Reads what the home holds of the room, without asking the store. */
  async load(): Promise<void> {
    await this.log.load()
    await this.mark.load()
    await this.#findUnread()
    await this.restore.look()
    await this.sender.adopt()
  }

  protected get self(): Bytes {
    return this.parts.identity.signer.publicKey
  }

  protected get viewer(): Viewer {
    const { identity } = this.parts
    return { self: this.self, warningOf: (room, name, rootKey) => keyWarning(identity, room, name, rootKey) }
  }

  get state(): RoomState | undefined {
    return this.log.preview?.room ?? this.log.room
  }

  /** Resolves once the newest page can be shown, if there is more than that to read. */
  get previewed(): Promise<void> {
    return this.log.previewed
  }

  /** Whether these are the direct messages of two people. */
  get isDirect(): boolean {
    return this.state?.policy.kind === 'pair'
  }

  /** A direct message is named after the other person. */
  get name(): string {
    const { state } = this
    const other = state?.policy.kind === 'pair' ? otherOf(state, this.self) : undefined
    if (other !== undefined) return `@${other}`
    return state?.name ?? this.parts.identity.room(this.parts.roomId)?.name ?? this.id.slice(0, 20)
  }

  get standing(): Standing {
    const remembered = this.parts.identity.room(this.parts.roomId)?.standing ?? 'stranger'
    return standingOf(this.state, this.self, remembered)
  }

  get endedBy(): Person | undefined {
    return kickedBy(this.state, this.self)
  }

  get openKnocks(): readonly OpenKnock[] {
    return this.standing === 'member' ? this.#knocks.list(this.state) : []
  }

  start(): void {
    this.#following.start()
  }

  attend(signal: AbortSignal): void {
    const ending = AbortSignal.any([signal, this.closing.signal])
    // One after the other: the one before may still be taking its sign away.
    this.#attending = this.#attending.then(() => this.presence.attend(ending))
  }

  /** Follows the room from now on, which has been read up to this revision of the store. */
  startAt(revision: Revision, hasKnocks: boolean): void {
    this.#following.startAt(revision, hasKnocks)
  }

  get followsKnocks(): boolean {
    return this.#following.hasKnocks
  }

  async lookAtKnocks(signal?: AbortSignal): Promise<void> {
    await this.#knocks.refresh(signal)
  }

  /** A request was accepted: reads on where an earlier membership ended. */
  async readmitted(): Promise<void> {
    this.log.keys.search.lookAgain()
    const refreshed = this.refresh()
    this.#logged('room.refresh', refreshed)
    await Promise.race([refreshed, this.log.previewed])
    this.start()
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.sender.close()
    await this.#following.close()
    // Without the store it ends by itself.
    await Promise.race([this.#attending, this.parts.clock.sleep(presenceFarewellMs, { ref: false })])
    await this.#memory.close()
    await this.log.replica.flush().catch(() => undefined)
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.log.catchUp(signal)
    await this.log.replica.flush()
    await this.#knocks.refresh(signal)
    await this.settleStanding()
    await this.restore.settle(signal)
  }

  /** The store was rolled back: reads it again from where this home's copy ends. */
  restored(): void {
    this.restore.noticed()
    this.#following.beginAgain()
  }

  fulfilDuties(): Promise<void> {
    return this.#duties.fulfil()
  }

  /** Another program of this home has marked messages as read. */
  async readElsewhere(): Promise<void> {
    if (await this.mark.advance()) this.changed()
  }

  subscribe(listener: (change: RoomChange) => void): Unsubscribe {
    return this.events.on('update', listener)
  }

  /** Not by a preview of the chain. */
  async settleStanding(): Promise<void> {
    const settled = await this.#memory.settle(() => {
      const { room } = this.log
      return room && this.log.preview === undefined
        ? { room, standing: this.standing, name: this.name, isOpen: this.log.keys.isOpen }
        : undefined
    })
    if (settled) this.changed()
  }

  protected changed(): void {
    this.#tell({ kind: 'state' })
    this.parts.changed()
  }

  #findUnread(): Promise<void> {
    const seq = this.log.state.checkpoint.seq - 1
    return this.mark.findUnread({ seq, history: (query) => historyPage(this.log, this.viewer, query) })
  }

  #itemsOf(records: readonly AppliedRecord[]): readonly TimelineItem[] {
    const { state } = this
    return state === undefined ? [] : records.flatMap((record) => itemsOf(state, record, this.viewer))
  }

  #previewed(records: readonly AppliedRecord[]): void {
    if (records.length === 0) this.#tell({ kind: 'renewed' })
    else this.#tell({ kind: 'early', items: this.#itemsOf(records) })
    this.changed()
  }

  #counted(): void {
    this.#logged('room.unread', this.#findUnread())
    this.#chainChanged()
    this.#tell({ kind: 'renewed' })
    this.changed()
  }

  #caughtUp(fresh: boolean): void {
    this.parts.connection.answered()
    this.changed()
    if (!this.#live) this.#logged('room.age', this.#duties.watchAge(this.closing.signal))
    this.#live = true
    this.#lookAfter()
    if (!fresh) return
    this.#logged('room.hints', this.restore.settle(this.closing.signal))
  }

  #chainChanged(): void {
    this.#logged('room.standing', this.settleStanding())
    this.#logged('room.knocks', this.#knocks.lookAgain())
    if (this.#live) this.#lookAfter()
  }

  #lookAfter(): void {
    this.#logged('room.duty', this.#duties.fulfilSoon(this.closing.signal))
  }

  #applied(records: readonly AppliedRecord[]): void {
    const items = this.#itemsOf(records)
    this.mark.note(items)
    this.#logged('room.lost', this.restore.lookAgain())
    if (items.length > 0) this.#tell({ kind: 'items', items })
    if (records.some(({ judgement }) => judgement.kind === 'control')) this.#chainChanged()
    // A void epoch recovery changes nothing in the chain, and yet its author needs new keys.
    else if (this.#live && this.log.reconciler.withheld.hasInvalidEpochRecovery) this.#lookAfter()
    this.#logged('room.read', this.markUpTo(this.mark.ownAmong(items)))
    this.changed()
  }

  protected async markUpTo(seq: number): Promise<void> {
    if (await this.mark.move(Math.min(seq, this.log.state.checkpoint.seq - 1))) this.changed()
  }

  /** No one waits for it; a failure is logged, unless the room is closing. */
  #logged(event: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.closing.signal.aborted) this.#note(event, error)
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

  async #knocked(knock: OpenKnock): Promise<void> {
    await followRegistered(this.parts, knock.knock)
    this.#tell({ kind: 'knock', item: knockItem(this.parts.identity, this.state, knock) })
  }

  #tell(change: RoomChange): void {
    this.events.emit('update', change)
    if (change.kind === 'items') for (const item of change.items) this.#emitItem(item)
    else if (change.kind === 'knock') this.events.emit('knock', change.item)
    else if (change.kind === 'diverged') this.events.emit('diverged', change)
    else if (change.kind === 'state') this.events.emit('change', undefined)
  }

  #emitItem(item: TimelineItem): void {
    if (item.kind === 'message') this.events.emit('message', item)
    else if (item.kind === 'admin') this.events.emit('admin', item)
    else if (item.kind === 'warning') this.events.emit('warning', item)
  }
}
