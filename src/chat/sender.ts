/**
 * Sends a room's queued messages, in order, until the store has them: whatever fails in between, each stands in the log
 * once. Messages that wait together share a record, so a burst costs one transaction and one signature.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { encode } from '../base/codec.ts'
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { messageTextBytesMax, messagesPerRecordMax, retryMs } from '../base/limits.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import { contentValue } from '../protocol/content.ts'
import { messageId, sealMessages } from '../protocol/message.ts'
import { recordHash } from '../protocol/record.ts'
import { headOf, memberByKey } from '../protocol/room.ts'
import { append, type Appending } from './append.ts'
import type { Identity } from './identity.ts'
import type { Filed } from './ledger.ts'
import type { Attempt, Outbox, Queued } from './outbox.ts'

export interface Place {
  readonly seq: number
  readonly id: string
  readonly i: number
}

export interface Waiting {
  readonly queued: Queued
  readonly id: string
  state: 'queued' | 'failed'
  reason?: string
  readonly sent: Promise<Place>
}

interface Slot extends Waiting {
  resolve(place: Place): void
  reject(error: unknown): void
}

export interface SenderParts {
  readonly appending: Appending
  readonly outbox: Outbox
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  /** Called when the list of waiting messages changes. */
  changed(): void
}

/** Room for one message of any size besides others. */
const recordContentBytesMax = messageTextBytesMax * 2

export class Sender {
  readonly #parts: SenderParts
  #slots: Slot[] = []
  #draining: Promise<void> | undefined
  readonly #closing = new AbortController()
  /** Tried, with an outcome not yet known. */
  readonly #attempts = new Map<string, Attempt>()

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  get waiting(): readonly Waiting[] {
    return this.#slots
  }

  /** Takes up what processes that died have left. */
  async adopt(): Promise<void> {
    const { outbox, appending } = this.#parts
    for (const queued of await outbox.adopt(appending.roomId)) {
      const name = hex(queued.device)
      if (!this.#attempts.has(name)) {
        const attempt = await outbox.attempt(appending.roomId, queued.device)
        if (attempt !== undefined) this.#attempts.set(name, attempt)
      }
      // Nobody waits for these any more.
      this.#push(queued).sent.catch(() => undefined)
    }
  }

  add(queued: Queued): Waiting {
    return this.#push(queued)
  }

  #push(queued: Queued): Slot {
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
    const slot: Slot = { queued, id: this.#idOf(queued), state: 'queued', sent: promise, resolve, reject }
    this.#slots.push(slot)
    this.#wake()
    return slot
  }

  async drop(id: string): Promise<void> {
    const slot = this.#slots.find((other) => other.id === id)
    if (slot === undefined) return
    this.#remove([slot])
    await this.#parts.outbox.drop(this.#parts.appending.roomId, [slot.queued])
    slot.reject(new ConclaveError('unavailable', 'taken out of the outbox', { retryable: true }))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#draining
  }

  #wake(): void {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined
      // Something may have come between the last look and here.
      if (this.#queuedSlots().length > 0 && !this.#closing.signal.aborted) this.#wake()
    })
  }

  #queuedSlots(): Slot[] {
    return this.#slots.filter((slot) => slot.state === 'queued')
  }

  async #drain(): Promise<void> {
    const { signal } = this.#closing
    // Lets messages of the same turn share a record.
    await new Promise(setImmediate)
    while (!signal.aborted && this.#queuedSlots().length > 0) {
      try {
        await this.#sendNext(signal)
      } catch (error) {
        if (signal.aborted) return
        if (isConclaveError(error) && !error.retryable && error.code !== 'unavailable') {
          this.#fail(error)
          return
        }
        await sleep(retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #sendNext(signal: AbortSignal): Promise<void> {
    const { appending, outbox } = this.#parts
    const batch = this.#batch()
    const { device } = (batch[0] as Slot).queued
    const name = hex(device)
    const known = this.#attempts.get(name)
    if (known !== undefined) {
      await appending.log.catchUp(signal)
      const settled = await this.#settledBy(known)
      if (!settled && appending.log.end.i !== known.i) {
        this.#attempts.delete(name)
        return
      }
      if (settled) return
    }
    const attempt = known ?? (await this.#build(batch, signal))
    if (known === undefined) {
      await outbox.saveAttempt(appending.roomId, device, attempt)
      this.#attempts.set(name, attempt)
    }
    const done = await append(appending, attempt.i, attempt.record, {}, signal)
    if (done || (await this.#settledBy(attempt))) {
      await this.#settledBy(attempt)
      return
    }
    this.#attempts.delete(name)
    // Whoever lost steps back a little, so that the same ones don't lose again.
    await sleep(Math.random() * 4, undefined, { signal })
  }

  /** Whether the record stands where it was tried; then its messages are sent. */
  async #settledBy({ i, record }: Attempt): Promise<boolean> {
    const { log, roomId } = this.#parts.appending
    const filed = log.recent(i)
    const same = filed ? Buffer.compare(filed.row.bytes, record) === 0 : await log.replica.holds(i, record)
    if (same !== true) return false
    const found = filed ?? (await this.#reviewed(i))
    if (found?.judgement.kind !== 'message') {
      for (const name of this.#attempts.keys()) this.#attempts.delete(name)
      return false
    }
    const { device, counter, contents } = found.judgement.inside
    const sent = this.#slots.filter(({ queued }) => {
      const k = queued.counter - counter
      return Buffer.compare(queued.device, device) === 0 && k >= 0 && k < contents.length
    })
    this.#attempts.delete(hex(device))
    this.#remove(sent)
    let { seq } = found.row
    for (const slot of sent) {
      slot.resolve({ seq, id: slot.id, i })
      seq += 1
    }
    await this.#parts.outbox.settle(
      roomId,
      sent.map(({ queued }) => queued),
    )
    return true
  }

  async #reviewed(i: number): Promise<Filed | undefined> {
    const { log } = this.#parts.appending
    const rows = await log.replica.rows(Math.max(0, i - 1), i + 1, 2)
    const row = rows.at(-1)
    if (row?.i !== i) return undefined
    const previousHash = i === 0 ? zeroHash : recordHash((rows[0] as typeof row).bytes)
    const judgement = log.ledger.review(row, previousHash)
    return { row, judgement, place: { i, previousHash, hash: recordHash(row.bytes) } }
  }

  /** The first queued message and those that follow it from the same device, as many as fit a record. */
  #batch(): Slot[] {
    const slots = this.#queuedSlots()
    const [first] = slots
    if (first === undefined) return []
    const batch: Slot[] = []
    let bytes = 0
    for (const slot of slots) {
      const next = first.queued.counter + batch.length
      if (slot.queued.counter !== next || Buffer.compare(slot.queued.device, first.queued.device) !== 0) break
      bytes += encode(contentValue(slot.queued.content)).length
      if (batch.length === messagesPerRecordMax || (batch.length > 0 && bytes > recordContentBytesMax)) break
      batch.push(slot)
    }
    return batch
  }

  async #build(batch: readonly Slot[], signal: AbortSignal): Promise<Attempt> {
    const { appending, identity, clock, random } = this.#parts
    const { log, roomId } = appending
    if (log.end.revision === undefined) await log.catchUp(signal)
    const keys = await log.currentKeys(signal)
    const room = log.room
    if (room === undefined || memberByKey(room, identity.signer.publicKey) === undefined) {
      throw new ConclaveError('not-member', 'you are not a member of this room', { hint: 'conclave join ROOM' })
    }
    if (keys === undefined) {
      throw new ConclaveError('not-member', 'the keys of this room are not to be had', {
        hint: 'knock again: conclave join ROOM',
      })
    }
    const { i, previousHash } = log.end
    const { device, counter } = (batch[0] as Slot).queued
    const contents = batch.map(({ queued }) => queued.content)
    const head = headOf(room).hash
    const inside = { previousHash, device, counter, seq: log.ledger.checkpoint.seq, head, at: clock.now(), contents }
    return { i, record: sealMessages(roomId, i, keys, identity.signer, inside, random) }
  }

  #fail(error: ConclaveError): void {
    for (const slot of this.#queuedSlots()) {
      slot.state = 'failed'
      slot.reason = error.message
      slot.reject(error)
    }
    this.#parts.changed()
  }

  #remove(slots: readonly Slot[]): void {
    this.#slots = this.#slots.filter((slot) => !slots.includes(slot))
    this.#parts.changed()
  }

  #idOf({ device, counter }: Queued): string {
    const { appending, identity } = this.#parts
    const room = appending.log.room
    const own = room && memberByKey(room, identity.signer.publicKey)
    return hex(messageId(appending.roomId, own?.firstRootKey ?? identity.signer.publicKey, device, counter))
  }
}
