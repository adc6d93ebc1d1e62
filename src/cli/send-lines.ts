/**
 * A message a line from stdin, pipelined: lines are read while hundreds of messages are on their way, so that the store
 * gets them in batches; results come in the order of the lines, each as soon as its message is durable. Reading stops
 * while too many are unacknowledged. What was acknowledged before a mistake in the input stays sent.
 */
import { addAbortSignal } from 'node:stream'
import { messageTextBytesMax } from '../base/limits.ts'
import type { Sent } from '../chat/chat.ts'
import { isBlank } from './delivery.ts'
import type { Delivery } from './delivery.ts'
import { readLines } from './stdin-lines.ts'

/** Unacknowledged messages. */
const inFlightMax = 512

export async function sendLines(delivery: Delivery, stdin: NodeJS.ReadStream): Promise<void> {
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
      // It is heard of in its turn.
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
