/**
 * Sends a room's queued messages, in order, until the store has them: whatever fails in between, each stands in the log
 * once. Messages that wait together share a record, so a burst costs one transaction and one signature.
 *
 * A message leaves the outbox only after this home's replica has it: until then the one or the other can put it back
 * into a store that was restored from an earlier copy.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { later } from '../../base/clock.ts'
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { command } from '../../base/hint.ts'
import { outboxWriterTtlS, retryMs } from '../../base/limits.ts'
import type { Retry } from '../connection/retry.ts'
import { zeroHash } from '../../crypto/hash.ts'
import { messageId } from '../../protocol/message.ts'
import { memberByKey } from '../../protocol/room.ts'
import { append } from './append.ts'
import { batchOf, composeMessages, type Composing } from './compose-messages.ts'
import { shownContent } from '../timeline/content.ts'
import type { PendingItem } from '../item.ts'
import type { Filed } from '../log/ledger.ts'
import type { Attempt, Outbox, Queued } from '../replica/outbox.ts'
import { hashOfRow } from '../replica/row.ts'
import { OutboxCleanup } from './outbox-cleanup.ts'

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
  /** It is in the outbox, or in the room already. */
  readonly taken: Promise<void>
  readonly sent: Promise<Place>
}

export function pendingItem({ id, queued, state, reason }: Waiting): PendingItem {
  const content = shownContent(queued.content)
  return { id, at: queued.at, content, state, ...(reason === undefined ? {} : { reason }) }
}

interface Slot extends Waiting {
  /** Handed to the store, with an outcome not yet known. */
  tried: boolean
  readonly written: Promise<void>
  /** Could not be written on the disk. */
  lost: boolean
  /** It may stand in the log already: sent by a process that died, or by another machine of the same person. */
  doubtful: boolean
  resolve(place: Place): void
  reject(error: unknown): void
}

export interface SenderParts extends Composing {
  readonly outbox: Outbox
  readonly log: Logger
  readonly retry: Retry
  /** Why nothing new may be sent at present, though nothing is wrong with the store. */
  writeBlocker(): ConclaveError | undefined
  /** Called when the list of waiting messages changes. */
  changed(): void
}

export class Sender {
  readonly #parts: SenderParts
  #slots: Slot[] = []
  #draining: Promise<void> | undefined
  readonly #closing = new AbortController()
  #cancelAdoption: (() => void) | undefined
  /** Tried, with an outcome not yet known. */
  readonly #attempts = new Map<string, Attempt>()
  readonly #settling: OutboxCleanup

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { outbox, appending } = parts
    this.#settling = new OutboxCleanup(outbox, appending.roomId, appending.log.replica)
  }

  get waiting(): readonly Waiting[] {
    return this.#slots
  }

  /**
   * Takes up what processes that died have left, and what the store lost; where some may still live, looks again later.
   * Nobody waits for these messages any more.
   */
  async adopt(): Promise<void> {
    const { outbox, appending } = this.#parts
    const others = await this.#settling.alone(async () => {
      const { adopted, others } = await outbox.adopt(appending.roomId)
      const fresh = adopted.filter((queued) => this.#slotOf(queued) === undefined)
      for (const name of new Set(fresh.map(({ device }) => hex(device)))) {
        const { device } = fresh.find((queued) => hex(queued.device) === name) as Queued
        const attempt = this.#attempts.get(name) ?? (await outbox.attempt(appending.roomId, device))
        if (attempt !== undefined) this.#attempts.set(name, attempt)
      }
      this.#takeUp(fresh)
      return others
    })
    if (!others || this.#closing.signal.aborted) return
    this.#cancelAdoption?.()
    const adopt = (): void => void this.adopt().catch(() => undefined)
    this.#cancelAdoption = later(this.#parts.clock, outboxWriterTtlS * 1000, adopt)
  }

  /** Before what was said since. */
  #takeUp(messages: readonly Queued[]): void {
    const slots = messages.map((queued) => {
      const slot = this.#slotFor(queued, Promise.resolve())
      slot.tried = this.#attempts.has(hex(queued.device))
      slot.doubtful = true
      slot.sent.catch(() => undefined)
      return slot
    })
    this.#slots.unshift(...slots)
    if (slots.length > 0) this.#wake()
  }

  /** @param written rejects where it did not get on the disk: then it is not sent either, unless it has been tried. */
  add(queued: Queued, written: Promise<void>): Waiting {
    const slot = this.#slotFor(queued, written)
    slot.taken.catch(() => undefined)
    this.#slots.push(slot)
    this.#wake()
    return slot
  }

  #slotFor(queued: Queued, written: Promise<void>): Slot {
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
    const state = { state: 'queued', tried: false, doubtful: false, lost: false } as const
    const taken = written.catch((error: unknown) => this.#unwritten(slot, error))
    const slot: Slot = { queued, id: this.#idOf(queued), ...state, written, taken, sent: promise, resolve, reject }
    return slot
  }

  /** The store is asked before the disk has the message: what it then says counts. */
  async #unwritten(slot: Slot, error: unknown): Promise<void> {
    if (slot.tried) return void (await slot.sent)
    slot.lost = true
    this.#remove([slot])
    slot.reject(error)
    throw error
  }

  #slotOf({ device, counter }: Pick<Queued, 'device' | 'counter'>): Slot | undefined {
    return this.#slots.find(({ queued }) => queued.counter === counter && equalBytes(queued.device, device))
  }

  /** @throws unavailable when the message was tried and no answer came: it is not tried again, but may stand in the room. */
  async drop(id: string): Promise<void> {
    const slot = this.#slots.find((other) => other.id === id)
    if (slot === undefined) return
    const doubtful = slot.state === 'queued' && this.#attempts.has(hex(slot.queued.device))
    const { appending, outbox } = this.#parts
    const { tried, queued } = slot
    if (tried) this.#attempts.delete(hex(queued.device))
    this.#remove([slot])
    await slot.written.catch(() => undefined)
    await this.#settling.alone(() => outbox.drop(appending.roomId, queued, tried))
    slot.reject(new ConclaveError('unavailable', 'taken out of the outbox', { retryable: true }))
    if (doubtful) {
      throw new ConclaveError('unavailable', 'the store did not say whether it has this message', {
        hint: 'look whether it was sent, once the store answers',
      })
    }
    if (!tried) return
    throw new ConclaveError('unavailable', 'the store did not say whether it has this message', {
      hint: 'the room shows it once the store answers, if it was sent',
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancelAdoption?.()
    await this.#draining
    await this.#settling.done()
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
    const { clock, retry } = this.#parts
    const { signal } = this.#closing
    // Lets messages of the same turn share a record.
    await new Promise(setImmediate)
    while (!signal.aborted && this.#queuedSlots().length > 0) {
      try {
        if (this.#mayGo()) {
          await this.#sendNext(signal)
          retry.succeeded()
        } else await clock.sleep(retryMs, { signal })
      } catch (error) {
        if (signal.aborted) return
        if (!isConclaveError(error)) return this.#fail(this.#bug(error))
        if (!error.retryable && error.code !== 'unavailable') {
          // What keeps everybody from sending is no fault of the message's.
          if (error.code === 'tampering') this.#tellWaiting(error)
          else return this.#fail(error)
        }
        await retry.after(error, signal)
      }
    }
  }

  /** Trying again would meet it again. */
  #bug(error: unknown): ConclaveError {
    this.#parts.log.warn('outbox.bug', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return new ConclaveError('unexpected', `unexpected: ${String(error)}`, {
      hint: 'This is a bug in Conclave.',
      cause: error,
    })
  }

  /** Whoever waits is told what hinders; the messages stay. */
  #mayGo(): boolean {
    const writeBlocker = this.#parts.writeBlocker()
    if (writeBlocker !== undefined) this.#tellWaiting(writeBlocker)
    return writeBlocker === undefined
  }

  #tellWaiting(error: ConclaveError): void {
    for (const slot of this.#queuedSlots()) slot.reject(error)
  }

  async #sendNext(signal: AbortSignal): Promise<void> {
    const { appending, outbox } = this.#parts
    const { log, roomId } = appending
    const batch = batchOf(this.#queuedSlots())
    const { device } = (batch[0] as Slot).queued
    const name = hex(device)
    const known = this.#attempts.get(name)
    if (known !== undefined) {
      await log.catchUp(signal)
      if (await this.#settledBy(known, name)) return
      // The same bytes stand for nothing at another place, nor behind another record.
      if (log.end.i !== known.i || !equalBytes(log.end.previousHash, known.previousHash)) return this.#giveUp(name)
    } else if (batch.some(({ doubtful }) => doubtful)) {
      await log.catchUp(signal)
      return this.#settleStanding(batch)
    }
    const attempt =
      known ??
      (await composeMessages(
        this.#parts,
        batch.map(({ queued }) => queued),
        signal,
      ))
    if (known === undefined) {
      await outbox.saveAttempt(roomId, device, attempt)
      if (batch.some(({ lost }) => lost)) return outbox.settle(roomId, device, [], attempt)
      this.#attempts.set(name, attempt)
      for (const slot of batch) slot.tried = true
    }
    const done = await append(appending, attempt.i, attempt.record, {}, signal).catch((error: unknown) => {
      // Refused for good, and never sent before: it stands nowhere.
      if (known === undefined && isConclaveError(error) && error.code !== 'unavailable') this.#giveUp(name)
      throw error
    })
    if (await this.#settledBy(attempt, name)) return
    this.#giveUp(name)
    if (done)
      throw new ConclaveError('unexpected', 'a record of one’s own did not count', {
        hint: ['Check the room: ', command('verify')],
      })
    // Whoever lost steps back a little, so that the same ones don't lose again.
    await sleep(Math.random() * 4, undefined, { signal })
  }

  /** Others stand where it was tried: what it held is tried anew. */
  #giveUp(name: string): void {
    this.#attempts.delete(name)
    for (const slot of this.#slots) if (hex(slot.queued.device) === name) slot.tried = false
  }

  /** Those of the batch that the log shows already are done; the others are as good as new. */
  #settleStanding(batch: readonly Slot[]): void {
    const { seen } = this.#parts.appending.log.replica
    const stand = batch.filter(({ queued }) => seen.has(this.#firstRootKey, queued.device, queued.counter))
    for (const slot of batch) slot.doubtful = false
    if (stand.length === 0) return
    this.#remove(stand)
    this.#settle((batch[0] as Slot).queued.device, stand)
  }

  #settle(device: Bytes, slots: readonly Slot[], attempt?: Attempt): void {
    const written = Promise.allSettled(slots.map((slot) => slot.written))
    this.#settling.add({ device, items: slots.map(({ queued }) => queued), attempt, written })
  }

  /** Whether messages of this device stand where they were tried; then they are sent. */
  async #settledBy(attempt: Attempt, name: string): Promise<boolean> {
    const { i } = attempt
    const { log } = this.#parts.appending
    const found = log.recent(i) ?? (await this.#reviewed(i))
    if (found?.judgement.kind !== 'message') return false
    const { inside, author } = found.judgement
    const { device, counter, contents } = inside
    if (hex(device) !== name || !equalBytes(author.firstRootKey, this.#firstRootKey)) return false
    this.#attempts.delete(name)
    const sent: Slot[] = []
    let { seq } = found.row
    for (const k of contents.keys()) {
      const slot = this.#slotOf({ device, counter: counter + k })
      if (slot !== undefined) sent.push(slot)
      slot?.resolve({ seq, id: slot.id, i })
      if (!found.row.repeats.includes(k)) seq += 1
    }
    this.#remove(sent)
    this.#settle(device, sent, attempt)
    return true
  }

  async #reviewed(i: number): Promise<Filed | undefined> {
    const { log } = this.#parts.appending
    const rows = await log.replica.rows(Math.max(0, i - 1), i + 1, 2)
    const row = rows.at(-1)
    if (row?.i !== i) return undefined
    const previousHash = i === 0 ? zeroHash : hashOfRow(rows[0] as typeof row)
    const judgement = log.ledger.review(row, previousHash)
    return { row, judgement, place: { i, previousHash, hash: hashOfRow(row) } }
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
    return hex(messageId(this.#parts.appending.roomId, this.#firstRootKey, device, counter))
  }

  /** What names this author in the room's messages, whatever keys he has had since. */
  get #firstRootKey(): Bytes {
    const { appending, identity } = this.#parts
    const { room } = appending.log
    const own = room && memberByKey(room, identity.signer.publicKey)
    return own?.firstRootKey ?? identity.signer.publicKey
  }
}
