/**
 * Sends a room's queued messages, in order, until the store has them: whatever fails in between, each stands in the log
 * once. Messages that wait together share a record, so a burst costs one transaction and one signature.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { encode } from '../base/codec.ts'
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { laneTtlS, messageTextBytesMax, messagesPerRecordMax, retryMs } from '../base/limits.ts'
import { zeroHash } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import { contentValue } from '../protocol/content.ts'
import { messageId, sealMessages } from '../protocol/message.ts'
import { headOf, memberByKey } from '../protocol/room.ts'
import { append, type Appending } from './append.ts'
import type { Identity } from './identity.ts'
import type { Filed } from './ledger.ts'
import type { Attempt, Outbox, Queued } from './outbox.ts'
import { kickedBy } from './people.ts'
import { hashOfRow } from './replica.ts'
import { requireKnownVersion } from './room-version.ts'

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
  /** Handed to the store, with an outcome not yet known. */
  tried: boolean
  readonly written: Promise<void>
  /** Could not be written on the disk. */
  lost: boolean
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
  #adoption: NodeJS.Timeout | undefined
  /** Tried, with an outcome not yet known. */
  readonly #attempts = new Map<string, Attempt>()

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  get waiting(): readonly Waiting[] {
    return this.#slots
  }

  /**
   * Takes up what processes that died have left; where some may still live, looks again later. Nobody waits for these
   * messages any more.
   */
  async adopt(): Promise<void> {
    const { outbox, appending } = this.#parts
    const { adopted, others } = await outbox.adopt(appending.roomId)
    const attempts = new Map<string, Attempt | undefined>()
    for (const { device } of adopted) {
      if (!attempts.has(hex(device))) attempts.set(hex(device), await outbox.attempt(appending.roomId, device))
    }
    for (const [name, attempt] of attempts) if (attempt !== undefined) this.#attempts.set(name, attempt)
    for (const queued of adopted) {
      const slot = this.#push(queued, Promise.resolve())
      slot.tried = this.#attempts.has(hex(queued.device))
      slot.sent.catch(() => undefined)
    }
    if (!others || this.#closing.signal.aborted) return
    this.#adoption = setTimeout(() => void this.adopt().catch(() => undefined), laneTtlS * 1000).unref()
  }

  /** @param written rejects where it did not get on the disk: then it is not sent either. */
  add(queued: Queued, written: Promise<void>): Waiting {
    const slot = this.#push(queued, written)
    written.catch((error: unknown) => {
      slot.lost = true
      this.#remove([slot])
      slot.reject(error)
    })
    return slot
  }

  #push(queued: Queued, written: Promise<void>): Slot {
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
    const id = this.#idOf(queued)
    const slot: Slot = {
      queued,
      id,
      state: 'queued',
      tried: false,
      lost: false,
      written,
      sent: promise,
      resolve,
      reject,
    }
    this.#slots.push(slot)
    this.#wake()
    return slot
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
    await outbox.drop(appending.roomId, queued, tried)
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
    clearTimeout(this.#adoption)
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
      if (await this.#settledBy(known, name)) return
      if (appending.log.end.i !== known.i) return this.#giveUp(name)
    }
    const attempt = known ?? (await this.#build(batch, signal))
    if (known === undefined) {
      await outbox.saveAttempt(appending.roomId, device, attempt)
      if (batch.some(({ lost }) => lost)) return outbox.settle(appending.roomId, device, [])
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
      throw new ConclaveError('unexpected', 'a record of one’s own did not count', { hint: 'conclave verify ROOM' })
    // Whoever lost steps back a little, so that the same ones don't lose again.
    await sleep(Math.random() * 4, undefined, { signal })
  }

  /** Others stand where it was tried: what it held is tried anew. */
  #giveUp(name: string): void {
    this.#attempts.delete(name)
    for (const slot of this.#slots) if (hex(slot.queued.device) === name) slot.tried = false
  }

  /** Whether messages of this device stand where they were tried; then they are sent. */
  async #settledBy({ i }: Attempt, name: string): Promise<boolean> {
    const { log, roomId } = this.#parts.appending
    const found = log.recent(i) ?? (await this.#reviewed(i))
    if (found?.judgement.kind !== 'message') return false
    const { inside, author } = found.judgement
    const { device, counter, contents } = inside
    if (hex(device) !== name || !equalBytes(author.firstRootKey, this.#firstRootKey)) return false
    this.#attempts.delete(name)
    const sent: Slot[] = []
    let { seq } = found.row
    for (const k of contents.keys()) {
      const slot = this.#slots.find(({ queued }) => queued.counter === counter + k && hex(queued.device) === name)
      if (slot !== undefined) sent.push(slot)
      slot?.resolve({ seq, id: slot.id, i })
      if (!found.row.repeats.includes(k)) seq += 1
    }
    this.#remove(sent)
    await this.#parts.outbox.settle(
      roomId,
      device,
      sent.map(({ queued }) => queued),
    )
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
    let room = log.room
    let keys = await log.currentKeys(signal)
    // An epoch may have been opened while its keys were looked for.
    while (log.room !== room) {
      room = log.room
      keys = await log.currentKeys(signal)
    }
    if (room === undefined || memberByKey(room, identity.signer.publicKey) === undefined) {
      const endedBy = kickedBy(room, identity.signer.publicKey)
      if (endedBy !== undefined)
        throw new ConclaveError('kicked', `${endedBy.name} kicked you from this room`, { hint: 'conclave join ROOM' })
      throw new ConclaveError('not-member', 'you are not a member of this room', { hint: 'conclave join ROOM' })
    }
    requireKnownVersion(room)
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
