/** One gRPC stream that carries any number of watches; reassembles its events into whole revisions. */
import { byKey } from '../apply.ts'
import type { Bytes } from '../../base/bytes.ts'
import { CompactedError } from '../compacted.ts'
import type { Revision, StoreEvent, WatchBatch } from '../store.ts'
import type { Duplex, Endpoint } from './endpoint.ts'
import { Watch } from './generated/kv_pb.ts'
import type { Event, WatchRequestSchema, WatchResponse, WatchResponseSchema } from './generated/kv_pb.ts'
import { entryOf, eventDelete } from './messages.ts'

export interface Span {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

export class WatchStream {
  readonly #stream: Duplex<typeof WatchRequestSchema, typeof WatchResponseSchema>
  #lastId = 0n

  constructor(endpoint: Endpoint) {
    this.#stream = endpoint.duplex(Watch.method.watch)
    // Also handles one that comes when no one reads the responses any more.
    this.#stream.on('error', () => undefined)
  }

  /** @returns the id under which its events arrive */
  create({ start, end }: Span, from: Revision): bigint {
    this.#lastId += 1n
    const value = { key: start, rangeEnd: end, startRevision: BigInt(from), watchId: this.#lastId, fragment: true }
    this.#stream.write({ requestUnion: { case: 'createRequest', value } })
    return this.#lastId
  }

  remove(id: bigint): void {
    this.#stream.write({ requestUnion: { case: 'cancelRequest', value: { watchId: id } } })
  }

  responses(): AsyncIterable<WatchResponse> {
    return this.#stream as AsyncIterable<WatchResponse>
  }

  end(): void {
    this.#stream.cancel()
  }
}

/** Reassembles the fragments of a watch's responses. */
export class Assembly {
  #held: Event[] = []

  /** The revisions that are complete by now. */
  add(response: WatchResponse): WatchBatch[] {
    const events = [...this.#held, ...response.events]
    // Events come in order of revision, so only the last revision of a fragment may continue in the next one.
    const whole = response.fragment ? events.findIndex(isOfRevision(events.at(-1))) : events.length
    this.#held = events.slice(whole)
    return batchesOf(events.slice(0, whole))
  }
}

/** Why the server has ended a watch. */
export function cancellation({ compactRevision, cancelReason }: WatchResponse): Error {
  // The state at the compacted revision is kept, but a deletion at it may not be.
  if (compactRevision > 0n) return new CompactedError(Number(compactRevision) + 1)
  return Object.assign(new Error(cancelReason), { code: 0, details: cancelReason })
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
