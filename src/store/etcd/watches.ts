/**
 * All watches of a store, over one stream with one heartbeat. When its endpoint is lost they resume at another, each
 * from the revision after the last one delivered. (Not from the revision of a response's header: that one may be ahead
 * of events still to come.) A watch with a slow consumer holds up no other: what does not fit its queue is requested
 * again once the queue is empty.
 */
import { BackOff } from '../../base/back-off.ts'
import { watchQueueBytesMax, watchQueuesBytesMax, clusterRetryMsMax } from '../../base/limits.ts'
import { CompactedError } from '../compacted.ts'
import type { Revision, WatchBatch } from '../store.ts'
import { settledOrAborted, Wakeup } from '../wakeup.ts'
import type { Endpoint } from './endpoint.ts'
import type { Endpoints } from './endpoints.ts'
import { Unreachable, failureOf, Refusal } from './failure.ts'
import type { WatchResponse } from './generated/kv_pb.ts'
import { Heartbeat, Patience } from './heartbeat.ts'
import type { EtcdTimeouts } from './options.ts'
import { Assembly, cancellation, WatchStream, type Span } from './watch-stream.ts'

interface Watcher extends Span {
  /** The first revision that has not been queued. */
  next: Revision
  readonly queue: { readonly batch: WatchBatch; readonly bytes: number }[]
  readonly wakeup: Wakeup
  queuedBytes: number
  /** Its id on the stream; undefined while it isn't on it. */
  id: bigint | undefined
  assembly: Assembly
  failure: Error | undefined
}

export class Watches {
  readonly #endpoints: Endpoints
  readonly #timeouts: EtcdTimeouts
  readonly #closing: AbortSignal
  readonly #watchers = new Set<Watcher>()
  readonly #backOff: BackOff
  readonly #patience: Patience
  #running = false
  #stream: WatchStream | undefined
  /** By their ids on the stream; those in `#creating` have not been acknowledged, and are in order. */
  readonly #carried = new Map<bigint, Watcher>()
  readonly #creating: bigint[] = []
  #queuedBytes = 0

  constructor(endpoints: Endpoints, timeouts: EtcdTimeouts, closing: AbortSignal) {
    this.#endpoints = endpoints
    this.#timeouts = timeouts
    this.#closing = closing
    this.#backOff = new BackOff({ firstMs: timeouts.pauseMs, mostMs: clusterRetryMsMax })
    this.#patience = new Patience(timeouts.silenceMs)
  }

  /**
   * Ends quietly on abort. @throws CompactedError when `from` is no longer kept; ConclaveError for a refusal by the
   * cluster
   */
  async *watch(span: Span, from: Revision, signal: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    const watcher: Watcher = {
      ...span,
      next: from,
      queue: [],
      wakeup: new Wakeup(),
      queuedBytes: 0,
      id: undefined,
      assembly: new Assembly(),
      failure: undefined,
    }
    this.#watchers.add(watcher)
    this.#carry(watcher)
    void this.#run()
    try {
      while (!signal.aborted) {
        const woken = watcher.wakeup.next()
        const batch = this.#take(watcher)
        if (batch !== undefined) yield batch
        else if (watcher.failure !== undefined) throw watcher.failure
        else await settledOrAborted(woken, signal)
      }
    } finally {
      this.#drop(watcher)
    }
  }

  /** Carries all watches on over a new stream. */
  renew(): void {
    this.#stream?.end()
    this.#stream = undefined
  }

  #take(watcher: Watcher): WatchBatch | undefined {
    const first = watcher.queue.shift()
    if (first === undefined) return undefined
    watcher.queuedBytes -= first.bytes
    this.#queuedBytes -= first.bytes
    if (watcher.queue.length === 0) this.#carry(watcher)
    return first.batch
  }

  #drop(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    this.#queuedBytes -= watcher.queuedBytes
    watcher.queue.length = 0
    this.#release(watcher)
    if (this.#watchers.size === 0) this.renew()
  }

  /** Puts a watch on the stream, unless it is there; without a stream it is put on the next one. */
  #carry(watcher: Watcher): void {
    if (this.#stream === undefined || watcher.id !== undefined || watcher.failure !== undefined) return
    watcher.id = this.#stream.create(watcher, watcher.next)
    watcher.assembly = new Assembly()
    this.#carried.set(watcher.id, watcher)
    this.#creating.push(watcher.id)
  }

  #release(watcher: Watcher): void {
    if (watcher.id === undefined) return
    this.#carried.delete(watcher.id)
    this.#stream?.remove(watcher.id)
    watcher.id = undefined
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    while (this.#watchers.size > 0 && !this.#closing.aborted) {
      const endpoint = this.#endpoints.best()
      try {
        await endpoint.ready(this.#timeouts.attemptMs)
        if (this.#isWanted) await this.#serve(endpoint)
      } catch (error) {
        if (!this.#isWanted) continue
        if (error instanceof Unreachable) this.#endpoints.failed(endpoint, error.message)
        else this.#failAll(error instanceof Refusal ? error.error : (error as Error))
        await this.#backOff.pause(this.#closing)
      }
    }
    this.#running = false
  }

  get #isWanted(): boolean {
    return this.#watchers.size > 0 && !this.#closing.aborted
  }

  #failAll(error: Error): void {
    for (const watcher of this.#watchers) this.#fail(watcher, error)
    this.#watchers.clear()
  }

  #fail(watcher: Watcher, error: Error): void {
    watcher.failure = error
    watcher.wakeup.ring()
  }

  /** Carries all watches at one endpoint until that is lost. @throws Unreachable, Refusal */
  async #serve(endpoint: Endpoint): Promise<void> {
    const stream = new WatchStream(endpoint)
    let isSilent = false
    const heartbeat = new Heartbeat({
      endpoint,
      patience: this.#patience,
      timeouts: this.#timeouts,
      answered: () => this.#backOff.succeeded(),
      silent: () => {
        isSilent = true
        stream.end()
      },
    })
    const unsubscribe = this.#endpoints.onFailed((failed) => failed === endpoint && heartbeat.doubt())
    this.#stream = stream
    try {
      for (const watcher of this.#watchers) if (watcher.queue.length === 0) this.#carry(watcher)
      for await (const response of stream.responses()) {
        heartbeat.heard()
        if (response.created) this.#endpoints.succeeded(endpoint)
        else this.#backOff.succeeded()
        this.#dispatch(response)
      }
      throw new Unreachable('the watches ended', { unsent: true })
    } catch (error) {
      // Ended here.
      if (this.#stream !== stream) return
      if (isSilent) this.#patience.failed()
      throw isSilent ? new Unreachable('no sign of life', { unsent: true, cause: error }) : failureOf(error, false)
    } finally {
      unsubscribe()
      heartbeat.stop()
      if (this.#stream === stream) this.#stream = undefined
      this.#creating.length = 0
      for (const watcher of this.#carried.values()) watcher.id = undefined
      this.#carried.clear()
      stream.end()
    }
  }

  #dispatch(response: WatchResponse): void {
    let id = response.watchId
    if (response.created) {
      // A refused watch may come back without its id; they are answered in order.
      const created = this.#creating.shift()
      if (id < 0n && created !== undefined) id = created
    }
    const watcher = this.#carried.get(id)
    // A cancelled watch may still deliver events for a while.
    if (watcher === undefined) return
    if (response.canceled) {
      const reason = cancellation(response)
      const error = reason instanceof CompactedError ? reason : failureOf(reason, false)
      this.#carried.delete(id)
      watcher.id = undefined
      if (error instanceof Unreachable) throw error
      return this.#fail(watcher, error instanceof Refusal ? error.error : error)
    }
    for (const batch of watcher.assembly.add(response)) if (batch.revision >= watcher.next) this.#queue(watcher, batch)
  }

  #queue(watcher: Watcher, batch: WatchBatch): void {
    if (watcher.id === undefined) return
    const bytes = bytesOf(batch)
    const isFull = watcher.queuedBytes + bytes > watchQueueBytesMax || this.#queuedBytes + bytes > watchQueuesBytesMax
    if (isFull && watcher.queue.length > 0) return this.#release(watcher)
    watcher.next = batch.revision + 1
    watcher.queue.push({ batch, bytes })
    watcher.queuedBytes += bytes
    this.#queuedBytes += bytes
    watcher.wakeup.ring()
  }
}

/** The approximate memory size of a batch. */
function bytesOf({ events }: WatchBatch): number {
  return events.reduce((sum, event) => {
    return sum + 200 + (event.kind === 'put' ? event.entry.key.length + event.entry.value.length : event.key.length)
  }, 0)
}
