/** The listed rooms and this person's invitations: read on request, then watched. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { CompactedError } from '../../store/compacted.ts'
import { directoryRange, inboxRange, type KeyRange } from '../../protocol/paths.ts'
import { inboxId } from '../../protocol/notice.ts'
import type { Revision, Store } from '../../store/store.ts'
import { Retry } from '../connection/retry.ts'
import type { StoreConnection } from '../connection/store-connection.ts'
import type { Identity } from '../identity/identity.ts'
import { listedRooms, type Listed } from './directory.ts'
import { Invitations } from './invitations.ts'

export interface ListsParts {
  readonly store: Store
  readonly identity: Identity
  readonly connection: StoreConnection
  readonly clock: Clock
  readonly log: Logger
  changed(): void
}

export class Lists {
  readonly #parts: ListsParts
  readonly #closing = new AbortController()
  readonly invitations: Invitations
  #listed: readonly Listed[] = []
  #following: Promise<unknown> | undefined

  constructor(parts: ListsParts) {
    this.#parts = parts
    this.invitations = new Invitations(parts.store, parts.identity)
  }

  get listed(): readonly Listed[] {
    return this.#listed
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#readDirectory(signal)
    await this.invitations.refresh(signal)
  }

  /** Keeps both current from now on. */
  follow(): void {
    this.#following ??= Promise.all([
      this.#keep(directoryRange, (signal) => this.#readDirectory(signal)),
      this.#keep(inboxRange(inboxId(this.#parts.identity.signer.publicKey)), (signal) =>
        this.invitations.refresh(signal),
      ),
    ])
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #readDirectory(signal?: AbortSignal): Promise<Revision> {
    const { rooms, revision } = await listedRooms(this.#parts.store, signal)
    this.#listed = rooms
    return revision
  }

  /** They are short: after any change, all of it is read again. */
  async #keep({ start, end }: KeyRange, read: (signal: AbortSignal) => Promise<Revision>): Promise<void> {
    const { signal } = this.#closing
    const retry = new Retry({ ...this.#parts, event: 'chat.lists', room: '' })
    while (!signal.aborted) {
      try {
        const from = (await read(signal)) + 1
        retry.succeeded()
        this.#parts.changed()
        for await (const { events } of this.#parts.store.watch(start, end, { from, signal })) {
          // Notices are deleted once they are answered.
          if (events.every(({ kind }) => kind === 'delete') && start !== directoryRange.start) continue
          await read(signal)
          this.#parts.changed()
        }
      } catch (error) {
        if (signal.aborted || error instanceof CompactedError) continue
        await retry.after(error, signal)
      }
    }
  }
}
