/**
 * Pull-based watches over a store's journal. A watch asks for the revisions after the last one delivered and sleeps when
 * there are none of its keys; what changed is looked up once for all watches, which are woken by their keys. Nothing is
 * queued for a slow consumer, and an early or duplicate wake-up can't lose or duplicate an event.
 */
import { setImmediate } from 'node:timers/promises'
import { covers } from './check.ts'
import type { Revision, WatchBatch } from './store.ts'
import { settledOrAborted } from './wakeup.ts'

export interface JournalPage {
  readonly batches: readonly WatchBatch[]
  /** Every revision up to this one has been processed. */
  readonly through: Revision
  /** Whether the store had more revisions when this page was read. */
  readonly more: boolean
}

export interface Changes {
  readonly keys: readonly Uint8Array[]
  /** The store's newest revision: the keys are all that changed up to it. */
  readonly through: Revision
}

/** Keys that are looked up for all watches together; where more have changed, each looks itself. */
export const changesMax = 1024

export interface Journal {
  /** The store's newest revision. It is read before this call returns, so that a range after it sees no less. */
  revision(): Promise<Revision>
  /** Whole revisions after `after`, oldest first. @throws CompactedError when they are no longer kept. */
  read(after: Revision, start: Uint8Array, end: Uint8Array): Promise<JournalPage>
  /** What changed after `after`; undefined if that is more than `changesMax` keys, or no longer kept. */
  changes(after: Revision): Promise<Changes | undefined>
}

interface Watcher {
  readonly start: Uint8Array
  readonly end: Uint8Array
  /** Every revision up to this one was delivered, or holds none of its keys; advanced from outside while it sleeps. */
  after: Revision
  asleep: boolean
  /** Since it began to read last. */
  woken: boolean
  wake: () => void
}

export class Watchers {
  readonly #journal: Journal
  readonly #watchers = new Set<Watcher>()
  /** Every watcher was told of the revisions up to this one. */
  #told: Revision | undefined
  #telling = false
  #rung = false

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Something may have changed. */
  ring(): void {
    this.#rung = true
    if (!this.#telling && this.#watchers.size > 0) void this.#tell()
  }

  async *watch(
    start: Uint8Array,
    end: Uint8Array,
    from: Revision | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, undefined> {
    const watcher: Watcher = { start, end, after: 0, asleep: false, woken: false, wake: () => {} }
    this.#watchers.add(watcher)
    try {
      watcher.after = from === undefined ? await this.#journal.revision() : from - 1
      while (!signal.aborted) {
        // Before it reads, so that no change is missed between the read and the sleep.
        watcher.woken = false
        const page = await this.#journal.read(watcher.after, start, end).catch((error: unknown) => {
          if (!signal.aborted) throw error
        })
        if (page === undefined) return
        for (const batch of page.batches) {
          if (signal.aborted) return
          yield batch
        }
        watcher.after = Math.max(watcher.after, page.through)
        // A long catch-up yields to other work of this process.
        if (page.more) await setImmediate()
        else await this.#sleep(watcher, signal)
      }
    } finally {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#told = undefined
    }
  }

  async #sleep(watcher: Watcher, signal: AbortSignal): Promise<void> {
    if (watcher.woken) return
    // What the others were told of meanwhile holds none of its keys.
    watcher.after = Math.max(watcher.after, this.#told ?? 0)
    const { promise, resolve } = Promise.withResolvers<void>()
    watcher.wake = resolve
    watcher.asleep = true
    await settledOrAborted(promise, signal)
    watcher.asleep = false
  }

  async #tell(): Promise<void> {
    this.#telling = true
    while (this.#rung && this.#watchers.size > 0) {
      this.#rung = false
      const { keys, through } = await this.#news()
      this.#told = through
      for (const watcher of this.#watchers) {
        if (keys === undefined || keys.some((key) => covers(watcher, key))) {
          watcher.woken = true
          watcher.wake()
        } else if (watcher.asleep) watcher.after = Math.max(watcher.after, through)
      }
    }
    this.#telling = false
  }

  /** Without keys each watcher has to look itself, also for what is wrong with the store. */
  async #news(): Promise<Changes | { readonly keys: undefined; readonly through: Revision | undefined }> {
    try {
      const changes = this.#told === undefined ? undefined : await this.#journal.changes(this.#told)
      return changes ?? { keys: undefined, through: await this.#journal.revision() }
    } catch {
      return { keys: undefined, through: undefined }
    }
  }
}

/**
 * An iterable whose every iteration is a watch of its own, which also ends when the iterator is returned while its
 * `next()` is still pending (a plain generator would wait for the next event).
 */
export function watchIterable(
  begin: (signal: AbortSignal) => AsyncGenerator<WatchBatch, void, undefined>,
  ...ends: readonly (AbortSignal | undefined)[]
): AsyncIterable<WatchBatch> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<WatchBatch, void, undefined> {
      const returned = new AbortController()
      const signals = ends.filter((signal) => signal !== undefined)
      const batches = begin(AbortSignal.any([returned.signal, ...signals]))
      return {
        next: () => batches.next(),
        return: () => {
          returned.abort()
          return batches.return()
        },
      }
    },
  }
}
