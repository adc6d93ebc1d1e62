/**
 * A pull-based watch: it asks the store's journal for the revisions after the last one delivered, and sleeps when there
 * are none. Nothing is queued for a slow consumer, and an early or duplicate wake-up can't lose or duplicate an event.
 */
import { setImmediate } from 'node:timers/promises'
import type { Revision, WatchBatch } from './store.ts'
import { settledOrAborted } from './wakeup.ts'
import type { Wakeup } from './wakeup.ts'

export interface JournalPage {
  readonly batches: readonly WatchBatch[]
  /** Every revision up to this one has been processed. */
  readonly through: Revision
  /** Whether the store had more revisions when this page was read. */
  readonly more: boolean
}

export interface Journal {
  /** The store's newest revision. It is read before this call returns, so that a range after it sees no less. */
  revision(): Promise<Revision>
  /** Whole revisions after `after`, oldest first. @throws CompactedError when they are no longer kept. */
  read(after: Revision): Promise<JournalPage>
}

export async function* follow(
  journal: Journal,
  wakeup: Wakeup,
  from: Revision | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchBatch, void, undefined> {
  let after = from === undefined ? await journal.revision() : from - 1
  while (!signal.aborted) {
    const rung = wakeup.next()
    const page = await journal.read(after).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (page === undefined) return
    for (const batch of page.batches) {
      if (signal.aborted) return
      yield batch
    }
    after = Math.max(after, page.through)
    // A long catch-up yields to other work of this process.
    if (page.more) await setImmediate()
    else await settledOrAborted(rung, signal)
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
