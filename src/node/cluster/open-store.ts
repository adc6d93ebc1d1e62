/** Opens the cluster's store. Passed in, so that this layer depends on no store implementation. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../store/store.ts'
import { readClient, type ClientTls } from '../certificates/credentials.ts'
import type { ClientFiles } from '../home/paths.ts'

/** @param endpoints host:port */
export type OpenStore = (endpoints: readonly string[], tls: ClientTls) => Promise<Store>

export async function withStore<T>(
  open: OpenStore,
  endpoints: readonly string[],
  tls: ClientTls,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await open(endpoints, tls)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Long before a third of a certificate's life is over. */
export const certificatePeriodMs = 86_400_000

/** Opens the store anew every `periodMs`, with the certificate that is on disk then, until aborted. */
export async function withRenewedStore(
  open: OpenStore,
  endpoints: readonly string[],
  files: ClientFiles,
  { signal, periodMs = certificatePeriodMs }: { readonly signal: AbortSignal; readonly periodMs?: number | undefined },
  use: (store: Store, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let tls = await readSoon(files, signal)
  while (!signal.aborted) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(periodMs)])
    await withStore(open, endpoints, tls, (store) => use(store, until))
    // Certificate and key are being replaced right now: next time.
    tls = await readClient(files).catch(() => tls)
  }
}

const rereadMs = 500

/** Waits while they are being replaced. @throws the reason of the aborted signal */
async function readSoon(files: ClientFiles, signal: AbortSignal): Promise<ClientTls> {
  for (;;) {
    try {
      return await readClient(files)
    } catch {
      await sleep(rereadMs, undefined, { signal })
    }
  }
}
