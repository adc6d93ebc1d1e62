/**
 * Sending from a command: a message is either durable in the store, or it fails and nothing of it is kept; with
 * `queue` it may also stay in the outbox, and the result says so.
 */
import { ConclaveError, isConclaveError } from '../base/errors.ts'
import { messageTextBytesMax, storeDeadlineMs } from '../base/limits.ts'
import type { Chat, Room, Sent } from '../chat/chat.ts'
import type { MessageContent } from '../chat/item.ts'
import type { Output } from './output.ts'
import { isPuttingBack } from './freshness.ts'
import { until } from './until.ts'

/** With `queue`: how long the store may take before a message counts as queued. */
const queueAfterMs = 2000

interface Parts {
  readonly chat: Chat
  readonly room: Room
  readonly out: Output
  readonly signal: AbortSignal
  readonly queue: boolean
}

export class Delivery {
  readonly signal: AbortSignal
  readonly #chat: Chat
  readonly #room: Room
  readonly #out: Output
  readonly #queue: boolean
  /** With `queue`: the store did not answer for one message, so the next ones don't wait for it as long. */
  #away = false

  constructor({ chat, room, out, signal, queue }: Parts) {
    this.#chat = chat
    this.#room = room
    this.#out = out
    this.signal = signal
    this.#queue = queue
  }

  /** Before the first message: without a store nothing is even begun. @throws unavailable after 10 s */
  async begin(): Promise<void> {
    if (this.#queue || this.#online) return
    const changed = Promise.withResolvers<void>()
    const unsubscribe = this.#chat.subscribe(() => this.#online && changed.resolve())
    try {
      // It may have come back between the look and the subscription.
      if (!this.#online)
        await until(changed.promise, this.signal, storeDeadlineMs, () => this.#unavailable(), this.#goesOn)
    } finally {
      unsubscribe()
    }
  }

  send(content: MessageContent | string): Promise<Sent> {
    return this.#room.send(content)
  }

  async sendOne(content: MessageContent | string): Promise<void> {
    await this.begin()
    const message = await this.send(content)
    try {
      await this.report(message)
    } catch (error) {
      throw await this.takeBack([message], error)
    }
  }

  /** Prints the message's place once it has one. @throws unavailable after 10 s, or what keeps it from being sent */
  async report({ id, sent }: Sent): Promise<void> {
    // Whoever stops waiting for it does not want to hear of it again.
    sent.catch(() => {})
    try {
      const { seq } = await until(sent, this.signal, this.#patienceMs, () => this.#unavailable(), this.#goesOn)
      await this.#out.print({ seq, id }, `sent: number ${seq}`)
    } catch (error) {
      if (!this.#queue || !isConclaveError(error, 'unavailable')) throw error
      this.#away = true
      await this.#out.print({ queued: true, id }, 'queued: it will be sent once the store answers')
    }
  }

  /**
   * Takes back what was not acknowledged, the newest first, so that what remains has no hole.
   *
   * @returns the error to end with
   */
  async takeBack(messages: readonly Sent[], cause: unknown): Promise<Error> {
    const reason = cause instanceof Error ? cause : new Error(String(cause))
    // With `queue` they may stay; and what somebody who is no longer in wrote stays as failed, for him to see.
    if (this.#queue || isConclaveError(reason, 'kicked') || isConclaveError(reason, 'not-member')) return reason
    let doubtful = 0
    for (const { id } of messages.toReversed()) await this.#room.drop(id).catch(() => (doubtful += 1))
    if (doubtful === 0) return reason
    return new ConclaveError('unavailable', `the store did not say whether it has ${doubtful} of the messages`, {
      hint: 'conclave read ROOM shows, once the store answers, whether they were sent.',
      cause: reason,
    })
  }

  get #patienceMs(): number {
    if (!this.#queue) return storeDeadlineMs
    const { state } = this.#chat.connection
    return state === 'offline' || (this.#away && state !== 'online') ? 0 : queueAfterMs
  }

  readonly #goesOn = (): boolean => isPuttingBack(this.#room)

  get #online(): boolean {
    return this.#chat.connection.state === 'online'
  }

  #unavailable(): ConclaveError {
    return nothingKept(`the store does not answer (${this.#chat.connection.detail})`)
  }
}

export function nothingKept(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError('unavailable', message, {
    hint: 'Nothing was kept. With --queue a message is kept, and sent once the store is back.',
    retryable: true,
    cause,
  })
}

/** Before anything is opened for it. @throws usage */
export function checkText(text: string): void {
  if (isBlank(text)) throw new ConclaveError('usage', 'the message is empty')
  if (Buffer.byteLength(text) > messageTextBytesMax) {
    throw new ConclaveError('usage', `the message is longer than ${messageTextBytesMax} bytes`, {
      hint: 'Send it in parts; "conclave send ROOM -" makes a message of every line.',
    })
  }
}

/** White space alone is no message. */
export function isBlank(text: string): boolean {
  return text.trim() === ''
}
