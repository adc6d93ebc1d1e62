/**
 * Sends a room's queued messages, in order, until the store has them: whatever fails in between, each is in the log
 * once. Messages that wait together share a record, so a burst costs one transaction and one signature.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { later } from '../../base/clock.ts'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import type { Logger } from '../../base/log.ts'
import { outboxWriterTtlS, retryMs } from '../../base/limits.ts'
import { memberByKey } from '../../protocol/room.ts'
import type { QueuedMessage } from '../reconcile/archive-diverged.ts'
import type { Retry } from '../connection/retry.ts'
import { append } from './append.ts'
import { batchOf, composeMessages, type Composing } from './compose-messages.ts'
import type { Attempt, Outbox } from './outbox.ts'
import { PendingMessages, type Pending, type Waiting } from './pending-messages.ts'

export interface SenderParts extends Composing {
  readonly outbox: Outbox
  readonly log: Logger
  readonly retry: Retry
  /** Why nothing new may be sent at present, although the store works. */
  writeBlocker(): ConclaveError | undefined
  /** Called when the list of waiting messages changes. */
  changed(): void
}

export class Sender {
  readonly #parts: SenderParts
  readonly #messages: PendingMessages
  readonly #closing = new AbortController()
  #draining: Promise<void> | undefined
  #cancelAdoption: (() => void) | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
    const { outbox, appending } = parts
    const { roomId, log } = appending
    this.#messages = new PendingMessages({
      outbox,
      roomId,
      replica: log.replica,
      firstRootKey: () => this.#firstRootKey,
      changed: () => parts.changed(),
    })
  }

  get waiting(): readonly Waiting[] {
    return this.#messages.waiting
  }

  /** Takes over what dead processes left and what the store lost; if some may still be alive, checks again later. */
  async adopt(): Promise<void> {
    const { others } = await this.#messages.adopt()
    this.#wake()
    if (!others || this.#closing.signal.aborted) return
    this.#cancelAdoption?.()
    const adopt = (): void => void this.adopt().catch(() => undefined)
    this.#cancelAdoption = later(this.#parts.clock, outboxWriterTtlS * 1000, adopt)
  }

  /**
   * @param written rejects if the message could not be written to disk: then it is not sent either, unless it was tried
   * already.
   */
  add(queued: QueuedMessage, written: Promise<void>): Waiting {
    const message = this.#messages.add(queued, written)
    this.#wake()
    return message
  }

  drop(id: string): Promise<void> {
    return this.#messages.drop(id)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancelAdoption?.()
    await this.#draining
    await this.#messages.cleanUp()
  }

  #wake(): void {
    if (this.#messages.queued.length === 0 || this.#closing.signal.aborted) return
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined
      // A record may have arrived since the last look.
      this.#wake()
    })
  }

  async #drain(): Promise<void> {
    const { signal } = this.#closing
    const { clock, retry } = this.#parts
    // Lets messages of the same turn share a record.
    await new Promise(setImmediate)
    while (!signal.aborted && this.#messages.queued.length > 0) {
      try {
        const writeBlocker = this.#parts.writeBlocker()
        if (writeBlocker === undefined) {
          await this.#sendNext(signal)
          retry.succeeded()
        } else {
          this.#messages.reject(writeBlocker)
          await clock.sleep(retryMs, { signal })
        }
      } catch (error) {
        if (signal.aborted) return
        if (!isConclaveError(error)) return this.#messages.fail(this.#bug(error))
        // A general block on sending is not this message's fault.
        if (error.code === 'tampering') this.#messages.reject(error)
        else if (!error.retryable && error.code !== 'unavailable') return this.#messages.fail(error)
        await retry.after(error, signal)
      }
    }
  }

  /** Trying again would hit the same error. */
  #bug(error: unknown): ConclaveError {
    this.#parts.log.warn('outbox.bug', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return new ConclaveError('unexpected', `Unexpected error: ${String(error)}`, {
      hint: 'This is a bug in Conclave.',
      cause: error,
    })
  }

  async #sendNext(signal: AbortSignal): Promise<void> {
    const { appending } = this.#parts
    const { log } = appending
    const batch = batchOf(this.#messages.queued)
    const { device } = (batch[0] as Pending).queued
    const known = this.#messages.attemptOf(device)
    if (known !== undefined) {
      await log.catchUp(signal)
      if (await this.#isInLog(known, device)) return
      // The same bytes are void at another index, or behind another record.
      const { i, previousHash } = log.end
      if (i !== known.i || !equalBytes(previousHash, known.previousHash)) return this.#messages.giveUp(device)
    } else if (batch.some(({ doubtful }) => doubtful)) {
      await log.catchUp(signal)
      return this.#messages.settleDoubtful(batch)
    }
    const attempt = known ?? (await this.#newAttempt(batch, device, signal))
    if (attempt === undefined) return
    const done = await append(appending, attempt.i, attempt.record, {}, signal).catch((error: unknown) => {
      // Refused for good, and never sent before: it exists nowhere.
      if (known === undefined && isConclaveError(error) && error.code !== 'unavailable') this.#messages.giveUp(device)
      throw error
    })
    if (await this.#isInLog(attempt, device)) return
    this.#messages.giveUp(device)
    if (done)
      throw new ConclaveError('unexpected', 'The room’s rules rejected a record from this machine', {
        hint: ['Check the room: ', command('verify')],
      })
    // The loser backs off a little, so that the same client doesn't lose again.
    await sleep(Math.random() * 4, undefined, { signal })
  }

  /** undefined if one of the messages was dropped since, or could not be written to disk. */
  async #newAttempt(batch: readonly Pending[], device: Bytes, signal: AbortSignal): Promise<Attempt | undefined> {
    const { outbox, appending } = this.#parts
    const queued = batch.map((message) => message.queued)
    const attempt = await composeMessages(this.#parts, queued, signal)
    await outbox.saveAttempt(appending.roomId, device, attempt)
    if (!this.#messages.areWaiting(batch)) {
      await outbox.settle(appending.roomId, device, [], attempt)
      return undefined
    }
    this.#messages.tried(batch, attempt)
    return attempt
  }

  /** Whether messages of this device are at the tried index; then they are sent. */
  async #isInLog(attempt: Attempt, device: Bytes): Promise<boolean> {
    const [found] = await this.#parts.appending.log.records(attempt.i, attempt.i + 1)
    if (found?.judgement.kind !== 'message') return false
    const { inside, author } = found.judgement
    if (!equalBytes(inside.device, device) || !equalBytes(author.firstRootKey, this.#firstRootKey)) return false
    this.#messages.sentWith(found.judgement, found.row, attempt)
    return true
  }

  /** Identifies this author in the room's messages, across all changes of keys. */
  get #firstRootKey(): Bytes {
    const { appending, identity } = this.#parts
    const { room } = appending.log
    const own = room && memberByKey(room, identity.signer.publicKey)
    return own?.firstRootKey ?? identity.signer.publicKey
  }
}
