/**
 * Follows a room's log and its requests for as long as this identity is a member, and resumes whenever the store is
 * back.
 */
import type { Bytes } from '../../base/bytes.ts'
import { logIndexOf, logRange } from '../../protocol/paths.ts'
import { CompactedError } from '../../store/compacted.ts'
import type { Revision, Store } from '../../store/store.ts'
import type { RoomChange, Unsubscribe } from '../chat.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import type { Retry } from '../connection/retry.ts'
import type { Knocks } from '../people/knocks.ts'
import type { RoomLog } from '../log/room-log.ts'

export interface FollowingParts {
  readonly store: Store
  readonly roomId: Bytes
  readonly incarnation: StoreIdentity
  readonly log: RoomLog
  readonly knocks: Knocks
  readonly retry: Retry
  /** Someone who is no longer a member gets nothing that comes later. */
  isOut(): boolean
  isMember(): boolean
  subscribe(listener: (change: RoomChange) => void): Unsubscribe
  /** The log has been read to its end; `fresh`: just now, together with its metadata. */
  caughtUp(fresh: boolean): void
}

export class Following {
  readonly #parts: FollowingParts
  readonly #closing = new AbortController()
  #log: Promise<void> | undefined
  #knocks: Promise<void> | undefined
  /** What need not be read before the log, and the requests, are followed for the first time. */
  #readUpTo: Revision | undefined
  #knocksReadUpTo: Revision | undefined
  /** Aborts when the work under way has to start again. */
  #round = new AbortController()

  constructor(parts: FollowingParts) {
    this.#parts = parts
  }

  /** Whether requests to join are being followed. */
  get hasKnocks(): boolean {
    return this.#knocks !== undefined
  }

  start(): void {
    if (this.#parts.isOut()) return
    this.#log ??= this.#keep(this.#followLog).finally(() => this.#ended('log'))
    this.#knocks ??= this.#keep(this.#followKnocks).finally(() => this.#ended('knocks'))
  }

  /** The log has been read up to this revision of the store; where there are no requests, so have they. */
  startAt(revision: Revision, hasKnocks: boolean): void {
    if (this.#log === undefined) this.#readUpTo = revision
    if (this.#knocks === undefined && !hasKnocks) this.#knocksReadUpTo = revision
    this.start()
  }

  #ended(part: 'log' | 'knocks'): void {
    if (part === 'log') this.#log = undefined
    else this.#knocks = undefined
    // Let in again before the end of the earlier membership was processed.
    if (this.#parts.isMember() && !this.#closing.signal.aborted) this.start()
  }

  /** The store was rolled back: it is read again. */
  beginAgain(): void {
    const round = this.#round
    this.#round = new AbortController()
    round.abort()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled([this.#log, this.#knocks])
  }

  readonly #followLog = async (signal: AbortSignal): Promise<void> => {
    const readUpTo = this.#readUpTo
    this.#readUpTo = undefined
    const { store, roomId, log, retry } = this.#parts
    const from = (readUpTo ?? (await log.catchUp(signal))) + 1
    retry.succeeded()
    this.#parts.caughtUp(readUpTo === undefined)
    const { start, end } = logRange(roomId)
    for await (const { events, revision } of store.watch(start, end, { from, signal })) {
      this.#parts.incarnation.saw(revision)
      const entries = events.flatMap((event) => (event.kind === 'put' ? [event.entry] : []))
      await log.offer(entries, signal)
      for (const event of events) if (event.kind === 'delete') await log.deleted(logIndexOf(event.key), signal)
    }
  }

  readonly #followKnocks = async (signal: AbortSignal): Promise<void> => {
    const { log, knocks } = this.#parts
    const readUpTo = this.#knocksReadUpTo
    this.#knocksReadUpTo = undefined
    // Only members can open them.
    if (log.state.keyring.all().length > 0) await knocks.follow(signal, readUpTo)
    else await this.#nextChange(signal)
  }

  async #nextChange(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const changed = (): void => resolve()
    const unsubscribe = this.#parts.subscribe(changed)
    signal.addEventListener('abort', changed)
    await promise
    signal.removeEventListener('abort', changed)
    unsubscribe()
  }

  async #keep(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, ended.signal])
    const unsubscribe = this.#parts.subscribe(({ kind }) => {
      if (kind === 'state' && this.#parts.isOut()) ended.abort()
    })
    try {
      await this.#untilAborted(work, signal)
    } finally {
      unsubscribe()
    }
  }

  async #untilAborted(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const round = this.#round.signal
      try {
        await work(AbortSignal.any([signal, round]))
      } catch (error) {
        if (signal.aborted) return
        // The revision has been compacted: read everything again.
        if (round.aborted || error instanceof CompactedError) continue
        await this.#parts.retry.after(error, signal)
      }
    }
  }
}
