/**
 * The room on the screen: its subscription, its pages of history, its actions. Events stay in order: nothing that
 * arrives is reported before the page that the room was opened with.
 */
import { isConclaveError } from '../base/errors.ts'
import type { HistoryQuery, Room, RoomChange, Unsubscribe } from '../chat/chat.ts'
import { isChange } from '../chat/timeline/changes.ts'
import type { AdminItem, MessageItem, Person, TimelineItem } from '../chat/item.ts'
import { count } from '../chat/wording.ts'
import type { DraftKeeper } from './draft-keeper.ts'
import type { Direction, Effect, Place } from './state/effect.ts'
import type { Event } from './state/event.ts'
import { sanitized, sanitizedRoom } from './state/sanitized.ts'
import { pageItems, windowMax } from './state/timeline.ts'
import { indexAtTime } from '../chat/timeline/time-search.ts'
import { sanitizeLine } from './sanitize.ts'

/** How far up to search for a message that another one refers to. */
const lookUpItems = 2000
/** Loaded above a place that is visited. */
const contextItems = 50

export class OpenRoom {
  readonly room: Room
  readonly #dispatch: (event: Event) => void
  readonly #closed = new AbortController()
  #unsubscribe: Unsubscribe | undefined
  /** Called once the room is on the screen. */
  #first: Event | undefined
  #early: RoomChange[] = []
  /** The newest seq to mark as read, while a mark is being written. */
  #toMark = 0
  #marking = false
  #reloading = false

  private constructor(room: Room, dispatch: (event: Event) => void) {
    this.room = room
    this.#dispatch = dispatch
  }

  /** Subscribes before reading, so that nothing is missed in between. */
  static async open(
    room: Room,
    dispatch: (event: Event) => void,
    drafts: DraftKeeper,
    signal: AbortSignal,
  ): Promise<OpenRoom> {
    const opened = new OpenRoom(room, dispatch)
    room.attend(opened.#closed.signal)
    opened.#unsubscribe = room.subscribe((change) => opened.#changed(change))
    try {
      const page = await room.history({ limit: pageItems, early: true }, signal)
      const items = [...page.items, ...knockItems(room)]
      const typed = await drafts.read(room.id)
      opened.#first = { kind: 'opened', room: sanitizedRoom(room), items: sanitized(items), more: page.more, typed }
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  }

  start(): void {
    if (this.#first !== undefined) this.#dispatch(this.#first)
    this.#first = undefined
    const early = this.#early
    this.#early = []
    for (const change of early) this.#changed(change)
    this.#dispatch({ kind: 'room', room: sanitizedRoom(this.room) })
  }

  /** Something changed that the room doesn't report: which keys are known. */
  retell(): void {
    if (!this.#closed.signal.aborted) this.#dispatch({ kind: 'room', room: sanitizedRoom(this.room) })
  }

  close(): void {
    this.#closed.abort()
    this.#unsubscribe?.()
    this.#early = []
  }

  async perform(effect: Effect): Promise<void> {
    const room = this.room
    const tell = (event: Event): void => {
      if (!this.#closed.signal.aborted) this.#dispatch(event)
    }
    switch (effect.do) {
      case 'fetch':
        return tell(await this.#fetch(effect))
      case 'visit':
        return tell(await this.#visit(effect))
      case 'send': {
        const { sent } = await room.send(effect.content)
        // A failure shows as a pending message that says why.
        sent.catch(() => undefined)
        return
      }
      case 'drop':
        for (const id of effect.ids) await room.drop(id)
        return
      case 'accept':
      case 'reject':
        await room[effect.do](effect.name, { fingerprint: effect.fingerprint })
        return tell({ kind: 'done', text: '' })
      case 'reject-all':
        return tell({ kind: 'done', text: `Declined ${count(await this.#rejectAll(effect.people), 'request')}.` })
      case 'kick':
      case 'promote':
      case 'demote':
        await room[effect.do](effect.name, { fingerprint: effect.fingerprint })
        return tell({ kind: 'done', text: '' })
      case 'topic':
        await room.setTopic(effect.text)
        return tell({ kind: 'done', text: '' })
      case 'policy':
        await room.setPolicy(effect.policy)
        return tell({ kind: 'done', text: '' })
      case 'rotate':
        await room.rotate()
        return tell({ kind: 'done', text: '' })
      case 'look-up':
        return tell({ kind: 'referred', items: await this.#lookUp(effect) })
      case 'invite': {
        const { name, fingerprint } = effect
        await room.invite(name, fingerprint === undefined ? {} : { fingerprint })
        return tell({ kind: 'done', text: '' })
      }
      case 'leave':
        await room.leave()
        return this.#dispatch({ kind: 'left', roomName: sanitizeLine(room.name) })
      case 'mark-read':
        return this.#markRead(effect.seq)
      case 'verify':
        return tell(await this.#verify(effect.head))
      case 'repair':
        return tell({ kind: 'repaired', repair: sanitized(await room.repair(this.#closed.signal)) })
      default:
        return
    }
  }

  async #rejectAll(people: readonly Person[]): Promise<number> {
    let declined = 0
    for (const { name, fingerprint } of people) {
      if (this.#closed.signal.aborted) break
      try {
        await this.room.reject(name, { fingerprint }, this.#closed.signal)
        declined += 1
      } catch (error) {
        // Answered by someone else meanwhile, or withdrawn.
        if (!isConclaveError(error, 'no-such-user')) throw error
      }
    }
    return declined
  }

  async #verify(head: string | undefined): Promise<Event> {
    const { signal } = this.#closed
    const compared = head === undefined ? undefined : await this.room.compareHead(head, signal)
    const verification = sanitized(await this.room.verify(signal))
    return { kind: 'verified', verification, compared, now: Date.now() }
  }

  #changed(change: RoomChange): void {
    if (this.#closed.signal.aborted) return
    if (this.#first !== undefined || this.#early.length > 0 || this.#reloading) {
      this.#early.push(change)
      return
    }
    // Items may have changed members and counts as well; the copy is cheap.
    this.#dispatch({ kind: 'room', room: sanitizedRoom(this.room) })
    switch (change.kind) {
      case 'items':
      case 'early':
        return this.#dispatch({ kind: 'items', items: sanitized(change.items) })
      case 'knock':
        return this.#dispatch({ kind: 'items', items: [sanitized(change.item)] })
      case 'renewed':
        return this.#dispatch({ kind: 'renewed' })
      case 'diverged':
        return void this.#reload()
      case 'state':
        return
    }
  }

  /** The history was replaced: new items are reported after it. */
  async #reload(): Promise<void> {
    this.#reloading = true
    try {
      this.#dispatch(await this.#fetch({ do: 'fetch', direction: 'newest', from: undefined, window: undefined }))
    } catch {
      // The window keeps its place; scrolling shows the new history.
    }
    this.#reloading = false
    const early = this.#early.splice(0)
    for (const change of early) this.#changed(change)
  }

  async #fetch({ direction, from, window }: Effect & { do: 'fetch' }): Promise<Event> {
    const page = await this.room.history(queryFor(direction, from), this.#closed.signal)
    const items: readonly TimelineItem[] =
      direction === 'newest' ? [...page.items, ...knockItems(this.room)] : page.items
    return { kind: 'fetched', direction, from, window, items: sanitized(items), more: page.more }
  }

  async #visit({ place, window }: Effect & { do: 'visit' }): Promise<Event> {
    const { signal } = this.#closed
    const i = await this.#indexOf(place)
    const before =
      i === 0 ? { items: [], more: false } : await this.room.history({ limit: contextItems, before: i }, signal)
    const after = await this.room.history({ limit: pageItems, fromIndex: i }, signal)
    const items = sanitized([...before.items, ...after.items, ...(after.more ? [] : knockItems(this.room))])
    const found = place.at === 'time' ? { ...place, i } : place
    return { kind: 'visited', place: found, window, items, moreBefore: before.more, moreAfter: after.more }
  }

  async #indexOf(place: Place): Promise<number> {
    const { signal } = this.#closed
    switch (place.at) {
      case 'beginning':
        return 0
      case 'message':
        return place.i
      case 'seq': {
        const { items } = await this.room.history({ limit: 1, fromSeq: place.seq }, signal)
        return items.find(({ i }) => i !== undefined)?.i ?? 0
      }
      case 'time':
        return indexAtTime(this.room, place.time, signal)
    }
  }

  /** Page by page upwards, no further than a reader may be made to wait for. */
  async #lookUp({ ids, before }: Effect & { do: 'look-up' }): Promise<readonly MessageItem[]> {
    const missing = new Set(ids)
    const found: MessageItem[] = []
    let at = before
    for (let seen = 0; seen < lookUpItems && missing.size > 0; seen += pageItems) {
      const page = await this.room.history({ limit: pageItems, before: at, early: true }, this.#closed.signal)
      for (const item of page.items) {
        if (item.kind !== 'message') continue
        const about = isChange(item) && ids.includes(item.to)
        if (about || ids.includes(item.id)) found.push(sanitized(item))
        missing.delete(item.id)
      }
      const first = page.items.find(({ i }) => i !== undefined)?.i
      if (!page.more || first === undefined) break
      at = first
    }
    return found
  }

  /** One mark at a time, the newest last: a burst of messages costs one or two writes. */
  async #markRead(seq: number): Promise<void> {
    this.#toMark = Math.max(this.#toMark, seq)
    if (this.#marking) return
    this.#marking = true
    try {
      while (this.room.readUpTo < this.#toMark && !this.#closed.signal.aborted) {
        const marked = this.#toMark
        await this.room.markRead(marked)
        if (marked === this.#toMark) break
      }
    } catch {
      // Without the store the mark waits for the next message: unread counts are a convenience.
    } finally {
      this.#marking = false
    }
  }
}

function queryFor(direction: Direction, from: number | undefined): HistoryQuery {
  if (from !== undefined && direction === 'again') return { limit: windowMax, fromIndex: from }
  // The next place, whatever is there; the newest of the window may be one of several messages there.
  if (from !== undefined && direction === 'newer') return { limit: pageItems, fromIndex: from }
  if (from !== undefined && direction === 'around') return { limit: pageItems, before: Math.floor(from) + 1 }
  return { limit: pageItems, early: true, ...(direction === 'older' && from !== undefined && { before: from }) }
}

/** A knock has no place in the log: open ones come at the end. */
function knockItems(room: Room): readonly AdminItem[] {
  return room.knocks.map(({ name, fingerprint, at, ...about }) => {
    const person = { name, fingerprint }
    return { kind: 'admin', at, event: 'knock', by: person, target: person, ...about }
  })
}
