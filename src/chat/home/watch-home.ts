/**
 * Watches what other programs of the same home change: the vault (rooms, requests, keys) and how far messages have been
 * read. It reports this program's own changes too.
 */
import { concat, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { retryMs } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { CompactedError } from '../../store/compacted.ts'
import { readOne } from '../../store/read-one.ts'
import type { Store } from '../../store/store.ts'
import { lastReadKey, localVaultKey } from './local-paths.ts'

export interface HomeWatcher {
  readonly home: Store
  readonly clock: Clock
  readonly log: Logger
  vaultChanged(): Promise<void>
  /** In this room or, if unknown, in any. */
  readMoved(roomId: Bytes | undefined): Promise<void>
}

/** Resolves once `signal` aborts, or the home is closed. */
export async function watchHome(watcher: HomeWatcher, signal: AbortSignal): Promise<void> {
  await Promise.all([
    follow(watcher, localVaultKey, () => watcher.vaultChanged(), signal),
    follow(watcher, lastReadKey, (roomId) => watcher.readMoved(roomId), signal),
  ])
}

async function follow(
  { home, clock, log }: HomeWatcher,
  key: Bytes,
  changed: (value: Bytes | undefined) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const end = concat(key, new Uint8Array(1))
  const entry = await readOne(home, key, signal).catch(() => undefined)
  let from = (entry?.modRevision ?? 0) + 1
  while (!signal.aborted) {
    try {
      for await (const { revision, events } of home.watch(key, end, { from, signal })) {
        from = revision + 1
        for (const event of events) if (event.kind === 'put') await changed(event.entry.value)
      }
      return
    } catch (error) {
      if (signal.aborted) return
      // History was dropped unread: anything may have changed.
      if (error instanceof CompactedError) {
        from = error.oldest
        await changed(undefined).catch(() => undefined)
        continue
      }
      log.warn('home.watch', { error: String(error) })
      await clock.sleep(retryMs, { signal, ref: false }).catch(() => undefined)
    }
  }
}
