/** A room as a front end uses it: what is shown of it, and what a person does in it. */
import { abortable } from '../../base/abort.ts'
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import type { Listener } from '../../base/emitter.ts'
import { ConclaveError } from '../../base/errors.ts'
import { outboxMessagesMax } from '../../base/limits.ts'
import type {
  ChangedKey,
  Confirm,
  Done,
  FollowOptions,
  HeadComparison,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Knock,
  LastHeard,
  Member,
  Policy,
  Reading,
  Recovery,
  Repair,
  Room,
  RoomEvents,
  SearchOptions,
  SearchResult,
  Sent,
  Unsubscribe,
  Verification,
  Which,
} from '../chat.ts'
import { roomAttention, type Attention } from '../attention.ts'
import type { MessageContent, PendingItem, TimelineItem } from '../item.ts'
import { allTenures, mayAccept, memberByKey } from '../../protocol/room.ts'
import { isTooNew, requireKnownVersion } from '../replay/room-version.ts'
import { compareHead } from '../log/head-phrase.ts'
import { lastHeard } from '../log/last-heard.ts'
import { verifyLog } from '../log/verification.ts'
import { pendingItem } from '../outbox/pending-messages.ts'
import { invitationsOf, membersOf, shownKnocks } from '../people/people.ts'
import type { UnconfirmedKey } from '../people/unconfirmed-key.ts'
import { changedKey, type Contact } from '../people/contacts.ts'
import type { Invited } from '../people/invitations.ts'
import { changedKeys, changedMembers } from '../people/pins.ts'
import { repairRoom } from '../recovery/repair.ts'
import { checkedContent } from '../timeline/content.ts'
import { SearchIndex } from '../timeline/search-index.ts'
import { searchRoom } from '../timeline/search.ts'
import { historyPage } from '../timeline/timeline.ts'
import { accept, enterInvited, hasKeys, invite, reject } from './admission.ts'
import { followItems } from './follow-items.ts'
import { kick, leave, setAdmin } from './membership.ts'
import { pairPolicy } from './create-room.ts'
import { OpenRoom } from './open-room.ts'
import { rotate, setPolicy, setTopic } from './policy.ts'
import { requireMember, writeChange, type RoomParts } from './room-context.ts'

export class RoomSession extends OpenRoom implements Room {
  static async open(parts: RoomParts): Promise<RoomSession> {
    const session = new RoomSession(parts)
    await session.load()
    return session
  }

  get topic(): string {
    return this.state?.topic ?? ''
  }

  get members(): readonly Member[] {
    return membersOf(this.parts.identity, this.state, this.presence.here)
  }

  get invitations(): readonly Invitation[] {
    return invitationsOf(this.state)
  }

  get changedKeys(): readonly ChangedKey[] {
    return this.state === undefined ? [] : changedKeys(this.parts.identity, this.state)
  }

  /** Of direct messages: why nothing may be sent, if the other person's key is not the one known under their name. */
  get changedKey(): UnconfirmedKey | undefined {
    const { identity } = this.parts
    const [changed] = this.state?.policy.kind === 'pair' ? changedMembers(identity, this.state) : []
    return changed && changedKey(changed.member, changed.known)
  }

  /** Whether these are direct messages with the person of this key, or with one who had it. */
  isWith(rootKey: Bytes): boolean {
    const { state } = this
    if (state?.policy.kind !== 'pair') return false
    const invited = [...state.invitations.values()].some((invitation) => equalBytes(invitation.rootKey, rootKey))
    return invited || allTenures(state).some(({ member }) => equalBytes(member.rootKey, rootKey))
  }

  get policy(): Policy {
    return this.state?.policy ?? pairPolicy
  }

  get tooNew(): boolean {
    return this.state !== undefined && isTooNew(this.state)
  }

  get knocks(): readonly Knock[] {
    return shownKnocks(this.parts.identity, this.state, this.openKnocks)
  }

  get pending(): readonly PendingItem[] {
    return this.sender.waiting.map(pendingItem)
  }

  get seq(): number {
    return this.log.state.checkpoint.seq - 1
  }

  get reading(): Reading | undefined {
    const { preview, state } = this.log
    return preview && { read: state.checkpoint.next, records: preview.end }
  }

  get unread(): number {
    return this.standing === 'member' ? Math.max(0, this.seq - this.mark.upTo) : 0
  }

  get newestAt(): number | undefined {
    return this.mark.newestAt
  }

  get mentions(): number {
    return this.standing === 'member' ? this.mark.unread.mentions : 0
  }

  get attention(): readonly Attention[] {
    if (this.standing !== 'member') return []
    const { state, isDirect: direct, unread } = this
    const { forYou, others } = this.mark.unread
    const self = state && memberByKey(state, this.self)
    const requests = state && self && mayAccept(state, self) ? this.knocks : []
    return roomAttention({ direct, requests, forYou, others, unread })
  }

  get readUpTo(): number {
    return this.mark.upTo
  }

  get recovery(): Recovery | undefined {
    return this.restore.recovery
  }

  send(content: MessageContent | string, signal?: AbortSignal): Promise<Sent> {
    return abortable(signal, () => this.#send(content))
  }

  async #send(content: MessageContent | string): Promise<Sent> {
    const wanted = checkedContent(typeof content === 'string' ? { type: 'text', text: content } : content)
    requireMember(this)
    if (this.state !== undefined) requireKnownVersion(this.state)
    const refusal = this.changedKey ?? this.restore.writeBlocker
    if (refusal !== undefined) throw refusal
    if (this.sender.waiting.length >= outboxMessagesMax) {
      throw new ConclaveError('unavailable', 'Too many messages are waiting to be sent', { retryable: true })
    }
    const { queued, written } = await this.parts.outbox.add(this.parts.roomId, wanted, this.parts.clock.now())
    const { id, taken, sent } = this.sender.add(queued, written)
    // Callers that don't wait for it see it in the pending list.
    sent.catch(() => undefined)
    await taken
    this.changed()
    return { id, sent }
  }

  drop(id: string, signal?: AbortSignal): Promise<void> {
    return abortable(signal, () => this.sender.drop(id))
  }

  history(query: HistoryQuery, signal?: AbortSignal): Promise<HistoryPage> {
    return abortable(signal, () => historyPage(this.log, this.viewer, query))
  }

  search(words: readonly string[], options?: SearchOptions, signal?: AbortSignal): Promise<SearchResult> {
    const { log, viewer } = this
    const { home, roomId, identity } = this.parts
    const index = new SearchIndex(home, roomId, identity.local, log.replica)
    return abortable(signal, () => searchRoom({ log, index, viewer }, words, options, signal))
  }

  follow(options: FollowOptions = {}): AsyncIterable<TimelineItem> {
    return followItems(this, options, this.closing.signal)
  }

  override refresh(signal?: AbortSignal): Promise<void> {
    return abortable(signal, () => super.refresh(signal))
  }

  accept(name: string, confirm: Confirm = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, async () => {
      await this.refresh(signal)
      return accept(this, this.openKnocks, name, confirm, signal)
    })
  }

  reject(name: string, which: Which = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, async () => {
      await this.refresh(signal)
      return reject(this, this.openKnocks, name, which, signal)
    })
  }

  invite(name: string, confirm: Confirm = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, async () => invite(this, await this.parts.contact(name, confirm), signal))
  }

  inviteKey(contact: Contact): Promise<Done> {
    return invite(this, contact)
  }

  /** Accepts an invitation. */
  async enterInvited(invited: Invited, signal?: AbortSignal): Promise<void> {
    await enterInvited(this, invited, signal)
    this.start()
  }

  hasKeys(signal?: AbortSignal): Promise<boolean> {
    return hasKeys(this, signal)
  }

  kick(name: string, which: Which = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => kick(this, name, which, signal))
  }

  leave(signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => leave(this, signal))
  }

  promote(name: string, which: Which = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => setAdmin(this, 'promote', name, which, signal))
  }

  demote(name: string, which: Which = {}, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => setAdmin(this, 'demote', name, which, signal))
  }

  setPolicy(policy: Partial<Policy>, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => setPolicy(this, policy, signal))
  }

  setTopic(topic: string, signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => setTopic(this, topic, signal))
  }

  rotate(signal?: AbortSignal): Promise<Done> {
    return abortable(signal, () => rotate(this, signal))
  }

  markRead(seq: number, signal?: AbortSignal): Promise<void> {
    return abortable(signal, () => this.markUpTo(seq))
  }

  verify(signal?: AbortSignal): Promise<Verification> {
    return abortable(signal, async () => {
      const { store, roomId } = this.parts
      await this.log.catchUp(signal)
      await this.log.repairAll(signal)
      return verifyLog(store, roomId, this.log, signal)
    })
  }

  compareHead(head: string, signal?: AbortSignal): Promise<HeadComparison> {
    return abortable(signal, async () => {
      await this.log.catchUp(signal)
      return compareHead(this.log, head)
    })
  }

  lastHeard(signal?: AbortSignal): Promise<readonly LastHeard[]> {
    return abortable(signal, () => lastHeard(this.log, signal))
  }

  repair(signal?: AbortSignal): Promise<Repair> {
    const { store, roomId, identity, incarnation: life } = this.parts
    const operate: Parameters<typeof repairRoom>[0]['operate'] = (change) => writeChange(this, change, { signal })
    return abortable(signal, () => repairRoom({ store, roomId, identity, life, log: this.log, operate }, signal))
  }

  on<E extends keyof RoomEvents>(event: E, listener: Listener<RoomEvents[E]>): Unsubscribe {
    return this.events.on(event, listener)
  }

  off<E extends keyof RoomEvents>(event: E, listener: Listener<RoomEvents[E]>): void {
    this.events.off(event, listener)
  }
}
