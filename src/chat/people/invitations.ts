/**
 * Invitations to this person: sealed notices in their inbox, where anyone can write. Each notice is opened once and stays
 * there until it is answered, so strangers reach nothing else of this person; of those from unknown keys the newest stay.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { knownNoticesMax, noticeBytesMax, noticesPerKeyMax, strangersNoticesMax } from '../../base/limits.ts'
import { inboxId, openNotice } from '../../protocol/notice.ts'
import { inboxRange } from '../../protocol/paths.ts'
import type { Entry, Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import { isKnown, type NamedKey } from './pins.ts'
import { newestFirst, UntrustedRange, type EntryKey, type Held } from './untrusted-range.ts'

export interface Invited {
  readonly roomId: Bytes
  /** As its records name it. */
  readonly roomName: string
  readonly direct: boolean
  /** The sender's clock. */
  readonly at: number
  /** Who signed the notice. Only the room's log shows whether they invited. */
  readonly by: NamedKey
}

export class Invitations {
  readonly #parts: { readonly store: Store; readonly identity: Identity; readonly clock: Clock }
  /** One for each of this person's keys. */
  readonly #inboxes = new Map<string, UntrustedRange<Invited>>()

  constructor(parts: { readonly store: Store; readonly identity: Identity; readonly clock: Clock }) {
    this.#parts = parts
  }

  /** One a room: that of a known key, else the newest. */
  get all(): readonly Invited[] {
    const byRoom = new Map<string, Invited>()
    for (const { item } of this.#sorted([...this.#inboxes.values()].flatMap(({ held }) => held))) {
      const room = hex(item.roomId)
      if (!byRoom.has(room)) byRoom.set(room, item)
    }
    return [...byRoom.values()]
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    const { signer, formerSigners } = this.#parts.identity
    for (const { publicKey } of [signer, ...formerSigners]) await this.#inbox(publicKey).look(signal)
  }

  follow(signal: AbortSignal, changed: () => void): Promise<void> {
    return this.#inbox(this.#parts.identity.signer.publicKey).follow(signal, changed)
  }

  /** This person is in the room, or wants nothing of it. */
  answered(roomId: Bytes, signal?: AbortSignal): Promise<void> {
    return this.#delete((invited) => equalBytes(invited.roomId, roomId), signal)
  }

  /** It leads nowhere. */
  drop(invited: Invited): Promise<void> {
    return this.#delete((one) => one === invited)
  }

  #inbox(publicKey: Bytes): UntrustedRange<Invited> {
    const id = inboxId(publicKey)
    const standing = this.#inboxes.get(hex(id))
    if (standing !== undefined) return standing
    const inbox = new UntrustedRange<Invited>({
      ...this.#parts,
      range: inboxRange(id),
      valueBytesMax: noticeBytesMax,
      deletes: true,
      judge: (entry) => this.#judge(publicKey, entry),
      choose: (unread) => unread.toSorted(newestFirst),
      select: (held) => this.#select(held),
    })
    this.#inboxes.set(hex(id), inbox)
    return inbox
  }

  async #judge(publicKey: Bytes, { value }: Entry): Promise<Invited | undefined> {
    const { identity } = this.#parts
    const notice = await openNotice(publicKey, identity.unwrappers, value)
    if (notice === undefined || identity.room(notice.roomId)?.standing === 'member') return undefined
    const { roomId, roomName, direct, at, from: name, fromKey: rootKey } = notice
    return { roomId, roomName, direct, at, by: { name, rootKey } }
  }

  #select(held: readonly Held<Invited>[]): readonly Held<Invited>[] {
    const perKey = new Map<string, number>()
    const known = held.filter((one) => this.#isKnown(one)).sort(newestFirst)
    const few = known.filter(({ item }) => {
      const key = hex(item.by.rootKey)
      const count = (perKey.get(key) ?? 0) + 1
      perKey.set(key, count)
      return count <= noticesPerKeyMax
    })
    const strangers = held.filter((one) => !this.#isKnown(one)).sort(newestFirst)
    return [...few.slice(0, knownNoticesMax), ...strangers.slice(0, strangersNoticesMax)]
  }

  /** Known keys first, then the newest. */
  #sorted(held: readonly Held<Invited>[]): readonly Held<Invited>[] {
    const rank = (one: Held<Invited>): number => (this.#isKnown(one) ? 0 : 1)
    return held.toSorted((a, b) => rank(a) - rank(b) || newestFirst(a, b))
  }

  #isKnown({ item }: Held<Invited>): boolean {
    return isKnown(this.#parts.identity, item.by)
  }

  async #delete(which: (invited: Invited) => boolean, signal?: AbortSignal): Promise<void> {
    for (const inbox of this.#inboxes.values()) {
      const theirs: readonly EntryKey[] = inbox.held.filter(({ item }) => which(item))
      if (theirs.length > 0) await inbox.delete(theirs, signal)
    }
  }
}
