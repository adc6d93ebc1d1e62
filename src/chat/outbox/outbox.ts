/**
 * Messages waiting to be sent, on disk before they are acknowledged, sealed under the home's key.
 *
 * Each sending process is a writer with a device id of its own, generated at its start and held under a lease of the
 * home's store. When a process dies, its lease expires and another one sends what it left, under the old device id and
 * counters; so no message is counted twice, whatever was tried before.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { fromHex, hex, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields, FormatError } from '../../base/codec.ts'
import { outboxWriterTtlS, messageRecordBytesMax, messagesPerRecordMax, replicaBatch } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import type { Random } from '../../crypto/random.ts'
import { contentValue, decodeContent, type Content } from '../../protocol/content.ts'
import { deviceBytes } from '../../protocol/message.ts'
import { numberOf, type KeyRange } from '../../protocol/paths.ts'
import type { Lease, Operation } from '../../store/store.ts'
import type { HomeStore } from '../home/home.ts'
import { attemptKey, attemptRange, outboxWriterKey, outboxKey, outboxRange } from '../home/local-paths.ts'
import type { QueuedMessage, Requeue } from '../reconcile/archive-diverged.ts'
import type { LocalSeal } from '../home/local-seal.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'

/** The last attempt: exactly these bytes at this index, behind the record with this hash. */
export interface Attempt {
  readonly i: number
  readonly previousHash: Bytes
  readonly record: Bytes
}

const whatWaits = 'what waits to be sent'

export class Outbox implements Requeue {
  readonly #home: HomeStore
  readonly #seal: LocalSeal
  readonly #random: Random
  #writer: Promise<{ device: Bytes; lease: Lease }> | undefined
  /** Per room: a message's id names its room, and the shown messages of a device are kept as runs of its counters. */
  readonly #counters = new Map<string, number>()
  /** Writers taken over from processes that died, by device id. */
  readonly #adopted = new Set<string>()
  /** Taken but not yet on disk, in order. */
  #arriving: { readonly roomId: Bytes; readonly queued: QueuedMessage; readonly done: PromiseWithResolvers<void> }[] =
    []
  #writing = false

  constructor(home: HomeStore, seal: LocalSeal, random: Random) {
    this.#home = home
    this.#seal = seal
    this.#random = random
  }

  /** Durable once `written` resolves, in the order of the calls. The first call generates this process's device id. */
  async add(
    roomId: Bytes,
    content: Content,
    at: number,
  ): Promise<{ readonly queued: QueuedMessage; readonly written: Promise<void> }> {
    const { device } = await this.#ownWriter()
    const counter = this.#counters.get(hex(roomId)) ?? 0
    this.#counters.set(hex(roomId), counter + 1)
    const queued = { device, counter, content, at }
    return { queued, written: this.#write(roomId, queued) }
  }

  async requeue(roomId: Bytes, messages: readonly QueuedMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; at += replicaBatch / 2) {
      const part = messages.slice(at, at + replicaBatch / 2)
      await this.#home.commit({ then: part.map((queued) => this.#put(roomId, queued)) })
    }
  }

  #put(roomId: Bytes, { device, counter, content, at }: QueuedMessage): Operation {
    const key = outboxKey(roomId, device, counter)
    return { kind: 'put', key, value: this.#seal.seal(key, encode([at, contentValue(content)])) }
  }

  /** Messages that arrive during a transaction share the next one. */
  #write(roomId: Bytes, queued: QueuedMessage): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#arriving.push({ roomId, queued, done })
    if (!this.#writing) void this.#writeArriving()
    return done.promise
  }

  async #writeArriving(): Promise<void> {
    this.#writing = true
    // An idle sender goes first: the store works on the message while the disk writes it.
    await turn()
    await turn()
    while (this.#arriving.length > 0) {
      const batch = this.#arriving.splice(0, messagesPerRecordMax)
      try {
        await this.#home.commit({ then: batch.map(({ roomId, queued }) => this.#put(roomId, queued)) })
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
    this.#writing = false
  }

  /** With `attempt`, deletes the record of that attempt too: it won't be tried again. */
  async drop(roomId: Bytes, { device, counter }: QueuedMessage, attempt: boolean): Promise<void> {
    const message: Operation = { kind: 'delete', key: outboxKey(roomId, device, counter) }
    const tried: Operation = { kind: 'delete', key: attemptKey(roomId, device) }
    await this.#home.commit({ then: attempt ? [message, tried] : [message] })
  }

  /**
   * Messages of this process and of dead ones, which it takes over; in order. `others`: some belong to processes that
   * are alive, or died a moment ago.
   */
  async adopt(roomId: Bytes): Promise<{ readonly adopted: readonly QueuedMessage[]; readonly others: boolean }> {
    const { start, end } = outboxRange(roomId)
    const writer = await this.#writer?.catch(() => undefined)
    const own = writer && hex(writer.device)
    const waiting = (await this.#keysOf({ start, end })).map((key) => hex(deviceOf(key)))
    const tried = (await this.#keysOf(attemptRange(roomId))).map((key) => hex(deviceTried(key)))
    let others = false
    const taken = new Set<string>()
    for (const device of new Set([...waiting, ...tried])) {
      if (device === own || (await this.#takeOver(device))) taken.add(device)
      else others = true
    }
    if (taken.size === 0) return { adopted: [], others }
    // Read after taking the writers' leases: until then their owners may have added to them.
    const { entries } = await this.#home.range(start, end)
    const adopted = entries.flatMap(({ key, value }) => {
      const device = deviceOf(key)
      return taken.has(hex(device)) ? (this.#open(key, value, device) ?? []) : []
    })
    // Tried by a process that died before the message was acknowledged: nobody is waiting for it.
    const kept = new Set(adopted.map(({ device }) => hex(device)))
    for (const device of tried) {
      if (!taken.has(device) || device === own || kept.has(device)) continue
      await this.#home.commit({ then: [{ kind: 'delete', key: attemptKey(roomId, fromHex(device)) }] })
    }
    return { adopted, others }
  }

  async #keysOf({ start, end }: KeyRange): Promise<readonly Bytes[]> {
    const { entries } = await this.#home.range(start, end, { keysOnly: true })
    return entries.map(({ key }) => key)
  }

  /**
   * Called before a record is first tried at an index: once this resolves, a later process knows what may be there. It
   * does not wait for the disk: a loss of power loses the messages too, or keeps them without it, and then they are
   * looked up in the log by their ids (ADR 0021).
   */
  async saveAttempt(roomId: Bytes, device: Bytes, attempt: Attempt): Promise<void> {
    const then: Operation[] = [{ kind: 'put', key: attemptKey(roomId, device), value: attemptValue(attempt) }]
    await (this.#home.commitAhead?.({ then }) ?? this.#home.commit({ then }))
  }

  async attempt(roomId: Bytes, device: Bytes): Promise<Attempt | undefined> {
    const entry = await readOne(this.#home, attemptKey(roomId, device))
    if (entry === undefined) return undefined
    return readLocal(whatWaits, () => {
      const fields = Fields.decode(entry.value, 3)
      const [i, previousHash] = [fields.unsigned(), fields.fixed(hashBytes)]
      return { i, previousHash, record: fields.bytes(messageRecordBytesMax) }
    })
  }

  /** Deletes sent messages and, in the same transaction, the attempt, unless there is a newer one. */
  async settle(roomId: Bytes, device: Bytes, items: readonly QueuedMessage[], attempt?: Attempt): Promise<void> {
    const gone = items.map(({ counter }): Operation => ({ kind: 'delete', key: outboxKey(roomId, device, counter) }))
    const key = attemptKey(roomId, device)
    await this.#home.commit(
      attempt === undefined
        ? { then: gone }
        : {
            if: [{ kind: 'value', key, value: attemptValue(attempt) }],
            then: [{ kind: 'delete', key }, ...gone],
            else: gone,
          },
    )
  }

  async close(): Promise<void> {
    const writer = await this.#writer?.catch(() => undefined)
    await writer?.lease.revoke().catch(() => undefined)
  }

  #ownWriter(): Promise<{ device: Bytes; lease: Lease }> {
    this.#writer ??= (async () => {
      const device = this.#random(deviceBytes)
      const lease = await this.#home.lease(outboxWriterTtlS)
      await this.#home.commit({ then: [{ kind: 'put', key: outboxWriterKey(device), value: device, lease: lease.id }] })
      return { device, lease }
    })()
    return this.#writer
  }

  async #takeOver(name: string): Promise<boolean> {
    if (this.#adopted.has(name)) return true
    const { lease } = await this.#ownWriter()
    const device = fromHex(name)
    const key = outboxWriterKey(device)
    const { ok } = await this.#home.commit({
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: device, lease: lease.id }],
    })
    if (ok) this.#adopted.add(name)
    return ok
  }

  #open(key: Bytes, value: Bytes, device: Bytes): QueuedMessage | undefined {
    const plain = this.#seal.open(key, value)
    if (plain === undefined) return undefined
    try {
      const fields = new Fields(decode(plain), 2)
      return { device, counter: numberOf(key), at: fields.unsigned(), content: decodeContent(fields.next()) }
    } catch (error) {
      if (error instanceof FormatError) return undefined
      throw error
    }
  }
}

function attemptValue({ i, previousHash, record }: Attempt): Bytes {
  return encode([i, previousHash, record])
}

/** …/<device>/<counter>: sixteen hexadecimal digits, a slash, eight bytes. */
function deviceOf(key: Bytes): Bytes {
  return deviceTried(key.subarray(0, -8 - 1))
}

/** …/<device> */
function deviceTried(key: Bytes): Bytes {
  const digits = key.subarray(-2 * deviceBytes)
  return readLocal(whatWaits, () => fromHex(Buffer.from(digits).toString('latin1')))
}
