/**
 * A room's messages between the outbox and the log: the one place that knows the state of each. Every message has a row
 * on disk; the row goes only once this home's replica has the record, so that one or the other can restore it to a
 * store that was rolled back.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { ConclaveError } from '../../base/errors.ts'
import { messagesPerRecordMax } from '../../base/limits.ts'
import { messageId } from '../../protocol/message.ts'
import type { PendingItem } from '../item.ts'
import type { QueuedMessage } from '../reconcile/archive-diverged.ts'
import type { Judgement } from '../replay/log-state.ts'
import type { Replica } from '../replica/replica.ts'
import type { Row } from '../replica/row.ts'
import { shownContent } from '../timeline/content.ts'
import type { Attempt, Outbox } from './outbox.ts'

export interface Place {
  readonly seq: number
  readonly id: string
  readonly i: number
}

export interface Waiting {
  readonly queued: QueuedMessage
  readonly id: string
  readonly state: 'queued' | 'failed'
  readonly reason?: string
  /** It is in the outbox, or in the room already. */
  readonly taken: Promise<void>
  readonly sent: Promise<Place>
}

export function pendingItem({ id, queued, state, reason }: Waiting): PendingItem {
  const content = shownContent(queued.content)
  return { id, at: queued.at, content, state, ...(reason === undefined ? {} : { reason }) }
}

export interface Pending extends Waiting {
  state: 'queued' | 'failed'
  reason?: string
  /** Resolves once the row is on disk. */
  readonly written: Promise<void>
  /** The last attempt that was handed to the store with it. */
  attempt: Attempt | undefined
  /** It was handed to the store, with the outcome still unknown. */
  tried: boolean
  /** It may be in the log already: sent by a process that died, or by another machine of the same person. */
  doubtful: boolean
  /** Once it is in the log: its author's first root key there. */
  sentAs: Bytes | undefined
  resolve(place: Place): void
  reject(error: unknown): void
}

export interface PendingMessagesParts {
  readonly outbox: Outbox
  readonly roomId: Bytes
  readonly replica: Replica
  /** This author's key in message ids. */
  firstRootKey(): Bytes
  /** Called when the list of waiting messages changes. */
  changed(): void
}

export class PendingMessages {
  readonly #parts: PendingMessagesParts
  #waiting: Pending[] = []
  /** In the log; their rows are still on disk. */
  #sent: Pending[] = []
  #cleansSoon = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: PendingMessagesParts) {
    this.#parts = parts
  }

  /** In sending order. */
  get waiting(): readonly Pending[] {
    return this.#waiting
  }

  get queued(): readonly Pending[] {
    return this.#waiting.filter(({ state }) => state === 'queued')
  }

  add(queued: QueuedMessage, written: Promise<void>): Pending {
    const message = this.#newMessage(queued, written)
    message.taken.catch(() => undefined)
    this.#waiting.push(message)
    return message
  }

  #newMessage(queued: QueuedMessage, written: Promise<void>): Pending {
    const { promise: sent, resolve, reject } = Promise.withResolvers<Place>()
    const { device, counter } = queued
    const id = hex(messageId(this.#parts.roomId, this.#parts.firstRootKey(), device, counter))
    const taken = written.catch((error: unknown) => this.#unwritten(message, error))
    const untried = { state: 'queued', attempt: undefined, tried: false, doubtful: false, sentAs: undefined } as const
    const message: Pending = { ...untried, queued, id, written, taken, sent, resolve, reject }
    return message
  }

  /** The store may see the message before the disk has it: then the store's answer counts. */
  async #unwritten(message: Pending, error: unknown): Promise<void> {
    if (message.tried || message.sentAs !== undefined) return void (await message.sent)
    this.#remove([message])
    message.reject(error)
    throw error
  }

  /**
   * Takes over rows of processes that died and rows that were queued again, ahead of what was added since. `others`:
   * some belong to processes that may still be alive.
   */
  adopt(): Promise<{ readonly others: boolean }> {
    const { outbox, roomId } = this.#parts
    return this.#inTurn(async () => {
      const { adopted, others } = await outbox.adopt(roomId)
      const lost = this.#sent.filter((message) => !this.#isInLog(message))
      const known = [...this.#waiting, ...this.#sent]
      const fresh = adopted.filter((queued) => !known.some((message) => isSame(message.queued, queued)))
      const attempts = new Map<string, Attempt | undefined>()
      for (const { device } of fresh) {
        const name = hex(device)
        if (!attempts.has(name)) attempts.set(name, this.attemptOf(device) ?? (await outbox.attempt(roomId, device)))
      }
      const messages = fresh.map((queued) => {
        const message = this.#newMessage(queued, Promise.resolve())
        message.attempt = attempts.get(hex(queued.device))
        message.tried = message.attempt !== undefined
        // Nobody is waiting for it any more.
        message.sent.catch(() => undefined)
        return message
      })
      for (const message of lost) message.sentAs = undefined
      for (const message of [...messages, ...lost]) message.doubtful = true
      this.#sent = this.#sent.filter((message) => !lost.includes(message))
      this.#waiting = [...messages, ...lost, ...this.#waiting]
      return { others }
    })
  }

  /** @throws unavailable when it was tried without an answer: it is not tried again, but may be in the room */
  async drop(id: string): Promise<void> {
    const message = this.#waiting.find((other) => other.id === id)
    if (message === undefined) return
    const { tried, queued } = message
    if (tried) this.#forgetAttempt(queued.device)
    this.#remove([message])
    await message.written.catch(() => undefined)
    await this.#inTurn(() => this.#parts.outbox.drop(this.#parts.roomId, queued, tried))
    message.reject(new ConclaveError('unavailable', 'Removed from the outbox', { retryable: true }))
    if (!tried) return
    throw new ConclaveError('unavailable', 'The store did not say whether it has this message', {
      hint: 'If it was sent, the room shows it once the store answers.',
    })
  }

  /** Whether all of them are still to be sent: none was dropped, or lost by the disk. */
  areWaiting(messages: readonly Pending[]): boolean {
    return messages.every((message) => this.#waiting.includes(message))
  }

  attemptOf(device: Bytes): Attempt | undefined {
    return this.#waiting.find(({ queued, attempt }) => attempt !== undefined && equalBytes(queued.device, device))
      ?.attempt
  }

  tried(messages: readonly Pending[], attempt: Attempt): void {
    for (const message of messages) {
      message.attempt = attempt
      message.tried = true
    }
  }

  /** Other records took the place of the attempt: its messages are tried again. */
  giveUp(device: Bytes): void {
    this.#forgetAttempt(device)
    for (const message of this.#waiting) if (equalBytes(message.queued.device, device)) message.tried = false
  }

  #forgetAttempt(device: Bytes): void {
    for (const message of this.#waiting) if (equalBytes(message.queued.device, device)) message.attempt = undefined
  }

  /** The log has this record, with messages by this author: they are sent. */
  sentWith({ inside, author }: MessageJudgement, { i, seq: first, repeats }: Row, attempt: Attempt): void {
    this.#forgetAttempt(inside.device)
    const sent: Pending[] = []
    let seq = first
    for (const k of inside.contents.keys()) {
      const name = { device: inside.device, counter: inside.counter + k }
      const message = this.#waiting.find(({ queued }) => isSame(queued, name))
      if (message !== undefined) {
        message.attempt = attempt
        message.resolve({ seq, id: message.id, i })
        sent.push(message)
      }
      if (!repeats.includes(k)) seq += 1
    }
    this.#markSent(sent, author.firstRootKey)
  }

  /** Of these, which may be in the log, those found there are sent; the others count as never tried. */
  settleDoubtful(messages: readonly Pending[]): void {
    const author = this.#parts.firstRootKey()
    for (const message of messages) message.doubtful = false
    const { seen } = this.#parts.replica
    this.#markSent(
      messages.filter(({ queued }) => seen.has(author, queued.device, queued.counter)),
      author,
    )
  }

  #markSent(messages: readonly Pending[], author: Bytes): void {
    if (messages.length === 0) return
    for (const message of messages) message.sentAs = author
    this.#remove(messages)
    this.#sent.push(...messages)
    if (this.#cleansSoon) return
    this.#cleansSoon = true
    void this.cleanUp()
  }

  /** Reports to the waiting callers why their messages are held back; the messages stay. */
  reject(error: ConclaveError): void {
    for (const message of this.queued) message.reject(error)
  }

  fail(error: ConclaveError): void {
    for (const message of this.queued) {
      message.state = 'failed'
      message.reason = error.message
      message.reject(error)
    }
    this.#parts.changed()
  }

  /**
   * A failure here is made up by the next call, or the next process. Resolves once the messages sent so far are out of
   * the outbox, as far as the disk allows.
   */
  async cleanUp(): Promise<void> {
    await this.#inTurn(() => this.#deleteSent()).catch(() => undefined)
  }

  async #deleteSent(): Promise<void> {
    this.#cleansSoon = false
    const { outbox, roomId, replica } = this.#parts
    for (;;) {
      await replica.flush()
      const [first] = this.#sent
      if (first === undefined) return
      const { device } = first.queued
      const others = this.#sent.findIndex(({ queued }) => !equalBytes(queued.device, device))
      const batch = this.#sent.slice(0, Math.min(others < 0 ? Infinity : others, messagesPerRecordMax))
      await Promise.allSettled(batch.map(({ written }) => written))
      const attempt = batch.findLast((message) => message.attempt !== undefined)?.attempt
      const items = batch.filter((message) => this.#isInLog(message)).map(({ queued }) => queued)
      await outbox.settle(roomId, device, items, attempt)
      this.#sent = this.#sent.filter((message) => !batch.includes(message))
    }
  }

  /** A message that was sent, unless its record was archived since. */
  #isInLog({ queued, sentAs }: Pending): boolean {
    return sentAs !== undefined && this.#parts.replica.seen.has(sentAs, queued.device, queued.counter)
  }

  #remove(messages: readonly Pending[]): void {
    this.#waiting = this.#waiting.filter((message) => !messages.includes(message))
    this.#parts.changed()
  }

  /** Nothing else touches the rows while this runs. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

type MessageJudgement = Extract<Judgement, { kind: 'message' }>
type MessageName = Pick<QueuedMessage, 'device' | 'counter'>

function isSame(a: MessageName, b: MessageName): boolean {
  return a.counter === b.counter && equalBytes(a.device, b.device)
}
