/**
 * Sending from a command: a message is either durable in the store, or it fails and nothing of it is kept; with `queue`
 * it may also stay in the outbox, and the result says so.
 */
import { addAbortSignal, type Readable } from 'node:stream'
import { ConclaveError, isConclaveError } from '../../base/errors.ts'
import { messageTextBytesMax } from '../../base/limits.ts'
import type { Chat, Room, Sent } from '../../chat/chat.ts'
import type { MessageContent } from '../../chat/item.ts'
import type { Output } from '../output/output.ts'
import type { Patience } from '../session/patience.ts'
import type { Session } from '../session/session.ts'
import { isPuttingBack } from './freshness.ts'
import { readLines } from './stdin-lines.ts'
import { until } from './until.ts'

/** Messages from stdin that are not acknowledged yet. */
const inFlightMax = 512

export class Delivery {
  readonly signal: AbortSignal
  readonly #chat: Chat
  readonly #room: Room
  readonly #out: Output
  readonly #patience: Patience
  readonly #queue: boolean
  /** With `queue`: the store did not answer for one message, so the next ones don't wait for it as long. */
  #away = false

  constructor({ out, patience, signal }: Session, chat: Chat, room: Room, queue: boolean) {
    this.#chat = chat
    this.#room = room
    this.#out = out
    this.#patience = patience
    this.signal = signal
    this.#queue = queue
  }

  /** Before the first message: nothing is started without a store. @throws unavailable after 10 s */
  async begin(): Promise<void> {
    if (this.#queue || this.#online) return
    const changed = Promise.withResolvers<void>()
    const unsubscribe = this.#chat.subscribe(() => this.#online && changed.resolve())
    try {
      // It may have come back between the check and the subscription.
      if (!this.#online) await this.#inTime(changed.promise, this.#patience.storeMs)
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

  /** Prints the message's place once it has one. @throws unavailable after 10 s, or whatever prevents sending */
  async report({ id, sent }: Sent): Promise<void> {
    // A rejection that no one awaits any more is not an error.
    sent.catch(() => {})
    try {
      const { seq } = await this.#inTime(sent, this.#patienceMs)
      await this.#out.print({ seq, id }, `Sent: number ${seq}`)
    } catch (error) {
      if (!this.#queue || !isConclaveError(error, 'unavailable')) throw error
      this.#away = true
      await this.#out.print({ queued: true, id }, 'Queued: it will be sent when the store is back')
    }
  }

  /**
   * Withdraws unacknowledged messages, newest first, so that the remaining ones have no gap. @returns the error to end
   * with
   */
  async takeBack(messages: readonly Sent[], cause: unknown): Promise<Error> {
    const reason = cause instanceof Error ? cause : new Error(String(cause))
    // With `queue` they may stay; and messages by former members stay as failed, for them to see.
    if (this.#queue || isConclaveError(reason, 'kicked') || isConclaveError(reason, 'not-member')) return reason
    let doubtful = 0
    for (const { id } of messages.toReversed()) await this.#room.drop(id).catch(() => (doubtful += 1))
    if (doubtful === 0) return reason
    return new ConclaveError('unavailable', `The store did not say whether it has ${doubtful} of the messages`, {
      hint: 'Once it is back, conclave read ROOM shows whether they were sent.',
      cause: reason,
    })
  }

  #inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
    const late = (): Error => nothingKept(`The store is unreachable (${this.#chat.connection.detail})`)
    return until(promise, this.signal, ms, late, () => isPuttingBack(this.#room))
  }

  get #patienceMs(): number {
    if (!this.#queue) return this.#patience.storeMs
    const { state } = this.#chat.connection
    return state === 'offline' || state === 'moved' || (this.#away && state !== 'online') ? 0 : this.#patience.queueMs
  }

  get #online(): boolean {
    return this.#chat.connection.state === 'online'
  }
}

/**
 * One message per line of stdin, pipelined: lines are read while hundreds of messages are in flight, so that the store
 * gets them in batches. Results come in the order of the lines, each as soon as its message is durable; reading pauses
 * while too many are unacknowledged. Messages acknowledged before an error in the input stay sent.
 */
export async function sendLines(delivery: Delivery, stdin: Readable): Promise<void> {
  await delivery.begin()
  const failed = new AbortController()
  const stop = AbortSignal.any([delivery.signal, failed.signal])
  addAbortSignal(stop, stdin)

  /** In order: when each message was reported. One that fails, or comes after such a one, rejects. */
  const reports: Promise<void>[] = []
  const unreported: Promise<Sent>[] = []
  let last = Promise.resolve()
  const report = async (before: Promise<void>, sending: Promise<Sent>): Promise<void> => {
    await before
    await delivery.report(await sending)
    void unreported.shift()
  }

  let mistake: Error | undefined
  try {
    for await (const { text } of readLines(stdin, messageTextBytesMax)) {
      if (isBlank(text)) continue
      const sending = delivery.send(text)
      // Its rejection is handled in its turn.
      sending.catch(() => {})
      unreported.push(sending)
      last = report(last, sending)
      last.catch((error: unknown) => failed.abort(error))
      reports.push(last)
      if (reports.length >= inFlightMax) await reports.shift()
    }
  } catch (error) {
    if (!stop.aborted) mistake = error as Error
  }
  try {
    await last
    delivery.signal.throwIfAborted()
  } catch (error) {
    const begun = await Promise.allSettled(unreported)
    const messages = begun.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    throw await delivery.takeBack(messages, error)
  }
  if (mistake !== undefined) throw mistake
}

export function nothingKept(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError('unavailable', message, {
    hint: 'Nothing was kept. With --queue a message is kept, and sent when the store is back.',
    retryable: true,
    cause,
  })
}

/** Checked before anything is opened. @throws usage */
export function checkText(text: string): void {
  if (isBlank(text)) throw new ConclaveError('usage', 'The message is empty')
  if (Buffer.byteLength(text) <= messageTextBytesMax) return
  throw new ConclaveError('usage', `The message is longer than ${messageTextBytesMax} bytes`, {
    hint: 'Send it in parts; "conclave send ROOM -" makes every line a message.',
  })
}

/** Whitespace alone is not a message. */
function isBlank(text: string): boolean {
  return text.trim() === ''
}
