/** The listed rooms and this person's invitations: read on request, then watched. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { CompactedError } from '../../store/compacted.ts'
import type { Store } from '../../store/store.ts'
import { Retry } from '../connection/retry.ts'
import type { StoreConnection } from '../connection/store-connection.ts'
import type { Identity } from '../identity/identity.ts'
import { Directory, type Listed } from './directory.ts'
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
  readonly #directory: Directory
  readonly invitations: Invitations
  #following: Promise<unknown> | undefined

  constructor(parts: ListsParts) {
    this.#parts = parts
    this.#directory = new Directory(parts)
    this.invitations = new Invitations(parts)
  }

  get listed(): readonly Listed[] {
    return this.#directory.rooms
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#directory.refresh(signal)
    await this.invitations.refresh(signal)
  }

  /** Keeps both current from now on. */
  follow(): void {
    this.#following ??= Promise.all([this.#keep(this.#directory), this.#keep(this.invitations)])
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #keep(list: Directory | Invitations): Promise<void> {
    const { signal } = this.#closing
    const retry = new Retry({ ...this.#parts, event: 'chat.lists', room: '' })
    const changed = (): void => {
      retry.succeeded()
      this.#parts.changed()
    }
    while (!signal.aborted) {
      try {
        await list.follow(signal, changed)
      } catch (error) {
        if (signal.aborted || error instanceof CompactedError) continue
        await retry.after(error, signal)
      }
    }
  }
}
