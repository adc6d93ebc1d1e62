/** How far this person has read a room, on the disk, merged as the maximum; and what is unread of it. */
import type { Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { mentionsSearchedMax } from '../../base/limits.ts'
import type { Store } from '../../store/store.ts'
import type { Room } from '../chat.ts'
import type { TimelineItem } from '../item.ts'
import { lastReadKey, readKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { UnreadMessages } from './unread-messages.ts'
import { readOne } from '../../store/read-one.ts'

export class ReadMark {
  readonly #home: Store
  readonly #roomId: Bytes
  readonly #key: Bytes
  readonly unread: UnreadMessages
  #upTo = 0
  #newest: { readonly seq: number; readonly at: number } | undefined

  constructor(home: Store, roomId: Bytes, name: string, isDirect: () => boolean) {
    this.#home = home
    this.#roomId = roomId
    this.#key = readKey(roomId)
    this.unread = new UnreadMessages(name, isDirect)
  }

  async load(): Promise<void> {
    this.#upTo = await this.#stored()
  }

  /** Takes over what another program of this home has marked. False if that was known. */
  async advance(): Promise<boolean> {
    const upTo = await this.#stored()
    if (upTo <= this.#upTo) return false
    this.#upTo = upTo
    this.unread.read(upTo)
    return true
  }

  async #stored(): Promise<number> {
    const entry = await readOne(this.#home, this.#key)
    if (entry === undefined) return 0
    return readLocal('how far you have read', () => new Fields([decode(entry.value)], 1).unsigned())
  }

  /** The number of the newest message that was read. */
  get upTo(): number {
    return this.#upTo
  }

  /** What the newest message says of its time, milliseconds since the epoch; undefined: not known, or there is none. */
  get newestAt(): number | undefined {
    return this.#newest?.at
  }

  /** Looks at the newest messages that were unread when the program ended, and at the newest of all. */
  async findUnread(room: Pick<Room, 'seq' | 'history'>): Promise<void> {
    if (room.seq === 0) return
    const fromSeq = Math.min(room.seq, Math.max(this.#upTo, room.seq - mentionsSearchedMax) + 1)
    const { items } = await room.history({ limit: mentionsSearchedMax, fromSeq })
    this.note(items)
  }

  note(items: readonly TimelineItem[]): void {
    this.unread.note(items, this.#upTo)
    const newest = items.findLast((item) => item.kind === 'message')
    if (newest?.kind === 'message' && newest.seq >= (this.#newest?.seq ?? 0)) this.#newest = newest
  }

  /** Own messages count as read if everything before them is: the number up to which they are. */
  ownAmong(items: readonly TimelineItem[]): number {
    let upTo = this.#upTo
    for (const item of items) if (item.kind === 'message' && item.own && item.seq === upTo + 1) upTo = item.seq
    return upTo
  }

  /** False if it was read before. */
  async move(upTo: number): Promise<boolean> {
    if (upTo <= this.#upTo) return false
    this.#upTo = upTo
    this.unread.read(upTo)
    await this.#home.commit({
      then: [
        { kind: 'put', key: this.#key, value: encode(upTo) },
        { kind: 'put', key: lastReadKey, value: this.#roomId },
      ],
    })
    return true
  }

  /** The messages behind this one are renumbered. */
  async goBack(upTo: number): Promise<void> {
    this.unread.goBack(upTo)
    if (this.#newest !== undefined && this.#newest.seq > upTo) this.#newest = undefined
    if (upTo >= this.#upTo) return
    this.#upTo = upTo
    await this.#home.commit({ then: [{ kind: 'put', key: this.#key, value: encode(upTo) }] })
  }
}
