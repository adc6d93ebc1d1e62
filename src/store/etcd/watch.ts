/**
 * A watch that survives its endpoints: when one is lost it goes on at another, from the revision after the last one
 * that it handed out. (Not from the revision of a response's header: that one may be ahead of events still to come.)
 */
import { setTimeout } from 'node:timers/promises'
import { CompactedError } from '../compacted.ts'
import type { Revision, WatchBatch } from '../store.ts'
import { settledOrAborted } from '../wakeup.ts'
import type { Endpoints } from './endpoints.ts'
import { Away, Refusal } from './failure.ts'
import type { EtcdTimeouts } from './options.ts'
import { watchEndpoint } from './watch-stream.ts'

const pauseMsMax = 1000
/** An endpoint busy with a long catch-up may be silent for longer than a quiet one. */
const silenceMsMax = 10_000

export async function* watchCluster(
  endpoints: Endpoints,
  span: { readonly start: Uint8Array; readonly end: Uint8Array },
  from: Revision,
  timeouts: EtcdTimeouts,
  signal: AbortSignal,
): AsyncGenerator<WatchBatch, void, undefined> {
  let next = from
  let { pauseMs, silenceMs } = timeouts
  while (!signal.aborted) {
    const endpoint = endpoints.best()
    const onAlive = (): void => {
      pauseMs = timeouts.pauseMs
      silenceMs = timeouts.silenceMs
    }
    const options = { timeouts, silenceMs, onEstablished: () => endpoints.succeeded(endpoint), onAlive }
    try {
      await endpoint.ready(timeouts.attemptMs)
      for await (const batch of watchEndpoint(endpoint, { ...span, from: next }, options, signal)) {
        next = batch.revision + 1
        yield batch
      }
      return
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof CompactedError) throw error
      if (error instanceof Refusal) throw error.error
      if (!(error instanceof Away)) throw error
      endpoints.failed(endpoint, error.message)
      silenceMs = Math.min(2 * silenceMs, silenceMsMax)
    }
    await settledOrAborted(setTimeout(pauseMs), signal)
    pauseMs = Math.min(2 * pauseMs, pauseMsMax)
  }
}
