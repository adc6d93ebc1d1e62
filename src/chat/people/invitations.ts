/**
 * Invitations to this person: sealed notices in their inbox, where anyone can write. Each notice is opened once and stays
 * there until it is answered, so strangers reach nothing else of this person; of those from unknown keys the newest stay.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { inboxDeletesMax, inboxKeysMax, inboxOpenedMax, inboxReadMax, strangersNoticesMax } from '../../base/limits.ts'
import { inboxId, openNotice } from '../../protocol/notice.ts'
import { inboxRange } from '../../protocol/paths.ts'
import { readOne } from '../../store/read-one.ts'
import type { Entry, Revision, Store } from '../../store/store.ts'
import type { Identity } from '../identity/identity.ts'
import { isKnown, type NamedKey } from './pins.ts'

export interface Invited {
  readonly roomId: Bytes
  /** As its records name it. */
  readonly roomName: string
  readonly direct: boolean
  /** Who signed the notice. Only the room's log shows whether they invited. */
  readonly by: NamedKey
}

interface Lying {
  readonly key: Bytes
  readonly revision: Revision
  readonly invited: Invited
}

export class Invitations {
  readonly #store: Store
  readonly #identity: Identity
  readonly #lying = new Map<string, Lying>()

  constructor(store: Store, identity: Identity) {
    this.#store = store
    this.#identity = identity
  }

  /** One a room: that of a known key, else the newest. */
  get all(): readonly Invited[] {
    const byRoom = new Map<string, Invited>()
    for (const { invited } of this.#sorted()) {
      const room = hex(invited.roomId)
      if (!byRoom.has(room)) byRoom.set(room, invited)
    }
    return [...byRoom.values()]
  }

  /** @returns the revision behind which notices may be new */
  async refresh(signal?: AbortSignal): Promise<Revision> {
    let first: Revision | undefined
    const seen = new Set<string>()
    let budget = inboxOpenedMax
    for (const { publicKey } of [this.#identity.signer, ...this.#identity.formerSigners]) {
      const { start, end } = inboxRange(inboxId(publicKey))
      const { entries, revision } = await this.#store.range(start, end, { limit: inboxKeysMax, keysOnly: true }, signal)
      first ??= revision
      for (const { key } of entries) seen.add(hex(key))
      const unread = entries
        .filter(({ key, modRevision }) => this.#lying.get(hex(key))?.revision !== modRevision)
        .sort((a, b) => b.modRevision - a.modRevision)
        .slice(0, budget)
      budget -= unread.length
      await this.#open(publicKey, unread, signal)
    }
    for (const name of this.#lying.keys()) if (!seen.has(name)) this.#lying.delete(name)
    await this.#evict(signal)
    return first ?? 0
  }

  /** This person is in the room, or wants nothing of it. */
  async answered(roomId: Bytes, signal?: AbortSignal): Promise<void> {
    const theirs = [...this.#lying.values()].filter(({ invited }) => equalBytes(invited.roomId, roomId))
    await this.#delete(theirs, signal)
  }

  /** It leads nowhere. */
  async drop(invited: Invited): Promise<void> {
    await this.#delete([...this.#lying.values()].filter((one) => one.invited === invited))
  }

  /** Few at a time: whoever writes them chooses their size. */
  async #open(publicKey: Bytes, unread: readonly Entry[], signal?: AbortSignal): Promise<void> {
    const junk: Pick<Lying, 'key'>[] = []
    for (let from = 0; from < unread.length; from += inboxReadMax) {
      const page = unread.slice(from, from + inboxReadMax)
      await Promise.all(
        page.map(async ({ key }) => {
          const entry = await readOne(this.#store, key, signal)
          if (entry === undefined) return
          const notice = await openNotice(publicKey, this.#identity.unwrappers, entry.value)
          if (notice === undefined || this.#identity.room(notice.roomId)?.standing === 'member') {
            junk.push({ key })
            return
          }
          const { roomId, roomName, direct, from: name, fromKey: rootKey } = notice
          const invited = { roomId, roomName, direct, by: { name, rootKey } }
          this.#lying.set(hex(key), { key, revision: entry.modRevision, invited })
        }),
      )
    }
    await this.#delete(junk, signal)
  }

  async #evict(signal?: AbortSignal): Promise<void> {
    const strangers = this.#sorted().filter(({ invited }) => !isKnown(this.#identity, invited.by))
    await this.#delete(strangers.slice(strangersNoticesMax), signal)
  }

  /** Known keys first, then the newest. */
  #sorted(): readonly Lying[] {
    const rank = ({ invited }: Lying): number => (isKnown(this.#identity, invited.by) ? 0 : 1)
    return [...this.#lying.values()].sort((a, b) => rank(a) - rank(b) || b.revision - a.revision)
  }

  async #delete(lying: readonly Pick<Lying, 'key'>[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < lying.length; from += inboxDeletesMax) {
      const page = lying.slice(from, from + inboxDeletesMax)
      await this.#store.commit({ then: page.map(({ key }) => ({ kind: 'delete', key })) }, signal)
      for (const { key } of page) this.#lying.delete(hex(key))
    }
  }
}
