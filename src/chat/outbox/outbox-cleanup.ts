/**
 * Takes what was sent out of the outbox, once the replica has it on the disk; behind the sender's back, so that the next
 * record need not wait for it. What is cut off in between is found in the log by its ids, and is not sent again.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { messagesPerRecordMax } from '../../base/limits.ts'
import type { Attempt, Outbox, Queued } from '../replica/outbox.ts'
import type { Replica } from '../replica/replica.ts'

interface Sent {
  readonly device: Bytes
  readonly items: readonly Queued[]
  readonly attempt: Attempt | undefined
  /** Resolves once the outbox has them: what was sent at once may be on its way there yet. */
  readonly written: Promise<unknown>
}

export class OutboxCleanup {
  readonly #outbox: Outbox
  readonly #roomId: Bytes
  readonly #replica: Replica
  #sent: Sent[] = []
  #asked = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(outbox: Outbox, roomId: Bytes, replica: Replica) {
    this.#outbox = outbox
    this.#roomId = roomId
    this.#replica = replica
  }

  add(sent: Sent): void {
    this.#sent.push(sent)
    if (this.#asked) return
    this.#asked = true
    this.alone(() => this.#settle()).catch(() => undefined)
  }

  /** Nothing is taken out, nor anything else done to the outbox's messages, while `work` looks at them. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Resolves once what was added before is out of the outbox, as far as the disk lets it. */
  async done(): Promise<void> {
    await this.alone(() => this.#settle()).catch(() => undefined)
  }

  async #settle(): Promise<void> {
    this.#asked = false
    // Nothing is lost when this fails: it comes with the next one, or the next process looks.
    await this.#replica.flush()
    while (this.#sent.length > 0) {
      const [{ device, items, attempt, written }, count] = this.#first()
      await written
      await this.#outbox.settle(this.#roomId, device, items, attempt)
      this.#sent.splice(0, count)
    }
  }

  /** Records of one device share a transaction, the newest one's attempt with them. */
  #first(): [Sent, count: number] {
    const [first] = this.#sent as [Sent, ...Sent[]]
    const items: Queued[] = []
    const written: Promise<unknown>[] = []
    let count = 0
    let { attempt } = first
    for (const sent of this.#sent) {
      if (hex(sent.device) !== hex(first.device)) break
      if (count > 0 && items.length + sent.items.length > messagesPerRecordMax) break
      items.push(...sent.items)
      written.push(sent.written)
      attempt = sent.attempt ?? attempt
      count += 1
    }
    return [{ device: first.device, items, attempt, written: Promise.all(written) }, count]
  }
}
