/**
 * One watch at one endpoint, until it ends: a stream of whole revisions from a revision on. The endpoint is asked for a
 * sign of life again and again, and taken for dead when none comes: a hung member keeps its connections open, and gRPC
 * pings faster than one in five seconds make the server hang up (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/).
 */
import { clearInterval, setInterval } from 'node:timers'
import { byKey } from '../apply.ts'
import type { Bytes } from '../../base/bytes.ts'
import { CompactedError } from '../compacted.ts'
import type { Revision, StoreEvent, WatchBatch } from '../store.ts'
import type { Duplex, Endpoint } from './endpoint.ts'
import { Away, failureOf } from './failure.ts'
import { Watch } from './generated/kv_pb.ts'
import type { Event, WatchRequestSchema, WatchResponse, WatchResponseSchema } from './generated/kv_pb.ts'
import { entryOf, eventDelete } from './messages.ts'
import type { EtcdTimeouts } from './options.ts'

type Stream = Duplex<typeof WatchRequestSchema, typeof WatchResponseSchema>

export interface WatchRequest {
  readonly start: Uint8Array
  readonly end: Uint8Array
  readonly from: Revision
}

export interface WatchStreamOptions {
  readonly timeouts: Pick<EtcdTimeouts, 'heartbeatMs'>
  readonly silenceMs: number
  /** Called when the watch stands. */
  readonly onEstablished: () => void
  /** Called when something has come after that: the endpoint does not merely accept watches. */
  readonly onAlive: () => void
}

/**
 * Ends quietly on abort. @throws Away when the endpoint is gone or silent, Refusal when the cluster refuses, and
 * CompactedError when `from` is no longer kept.
 */
export async function* watchEndpoint(
  endpoint: Endpoint,
  { start, end, from }: WatchRequest,
  options: WatchStreamOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchBatch, void, undefined> {
  const stream = endpoint.duplex(Watch.method.watch)
  const life = new SignOfLife(stream, options)
  const cancel = (): void => stream.cancel()
  signal.addEventListener('abort', cancel)
  try {
    stream.write({
      requestUnion: {
        case: 'createRequest',
        value: { key: start, rangeEnd: end, startRevision: BigInt(from), fragment: true },
      },
    })
    let held: Event[] = []
    for await (const response of life.responses()) {
      checkCanceled(response)
      if (response.created) options.onEstablished()
      else options.onAlive()
      const events = [...held, ...response.events]
      // Events come in order of revision, so that of a part only the last revision may go on in the next one.
      const whole = response.fragment ? events.findIndex(isOfRevision(events.at(-1))) : events.length
      held = events.slice(whole)
      for (const batch of batchesOf(events.slice(0, whole))) {
        if (signal.aborted) return
        if (batch.revision >= from) yield batch
      }
    }
    throw new Away('the watch ended', { unsent: true })
  } catch (error) {
    if (signal.aborted) return
    throw life.dead ? new Away('no sign of life', { unsent: true, cause: error }) : failureOf(error, false)
  } finally {
    signal.removeEventListener('abort', cancel)
    life.stop()
    stream.cancel()
  }
}

/** Asks for progress while somebody waits for events, and cancels the stream when nothing at all comes. */
class SignOfLife {
  dead = false
  readonly #stream: Stream
  readonly #options: WatchStreamOptions
  readonly #timer: NodeJS.Timeout
  #waiting = false
  #heardAt = Date.now()
  #tickedAt = Date.now()

  constructor(stream: Stream, options: WatchStreamOptions) {
    this.#stream = stream
    this.#options = options
    this.#timer = setInterval(() => this.#tick(), options.timeouts.heartbeatMs)
  }

  /** The stream's messages. Time that the consumer takes for them does not count as silence. */
  async *responses(): AsyncGenerator<WatchResponse, void, undefined> {
    const messages = this.#stream[Symbol.asyncIterator]() as AsyncIterator<WatchResponse, void>
    for (;;) {
      this.#waiting = true
      this.#heardAt = Date.now()
      const { done, value } = await messages.next()
      this.#waiting = false
      if (done === true || value === undefined) return
      yield value
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = Date.now()
    // When this process itself stood still, what has come meanwhile must be read before anybody is judged.
    const stoodStill = now - this.#tickedAt > 2 * this.#options.timeouts.heartbeatMs
    this.#tickedAt = now
    if (!this.#waiting) return
    if (stoodStill) this.#heardAt = now
    if (now - this.#heardAt > this.#options.silenceMs) {
      this.dead = true
      this.stop()
      this.#stream.cancel()
    } else {
      this.#stream.write({ requestUnion: { case: 'progressRequest', value: {} } })
    }
  }
}

function checkCanceled(response: WatchResponse): void {
  if (!response.canceled) return
  // The state at the compacted revision is kept, but a deletion at it may not be.
  if (response.compactRevision > 0n) throw new CompactedError(Number(response.compactRevision) + 1)
  throw Object.assign(new Error(response.cancelReason), { code: 0, details: response.cancelReason })
}

function isOfRevision(last: Event | undefined): (event: Event) => boolean {
  return ({ kv }) => kv?.modRevision === last?.kv?.modRevision
}

/** A response's events by revision, each in key order. */
function batchesOf(events: readonly Event[]): WatchBatch[] {
  const batches: { revision: Revision; events: { key: Bytes; event: StoreEvent }[] }[] = []
  for (const { type, kv } of events) {
    if (kv === undefined) continue
    const entry = entryOf(kv)
    const event: StoreEvent =
      type === eventDelete ? { kind: 'delete', key: entry.key, modRevision: entry.modRevision } : { kind: 'put', entry }
    const last = batches.at(-1)
    if (last?.revision === entry.modRevision) last.events.push({ key: entry.key, event })
    else batches.push({ revision: entry.modRevision, events: [{ key: entry.key, event }] })
  }
  return batches.map((batch) => ({
    revision: batch.revision,
    events: batch.events.sort(byKey).map(({ event }) => event),
  }))
}
