/**
 * Messages that wait to be sent, on disk before anybody is told that they were taken, sealed under the vault's local key.
 *
 * Each process that sends for an identity has a lane of its own: a device id drawn at its start, held under a lease of
 * the home's store. When a process dies, its lane's lease expires and another process sends what it left, under the old
 * device id and counters; so nothing counts twice, whatever was tried before.
 */
import { concat, hex, type Bytes } from '../base/bytes.ts'
import { decode, encode, Fields, FormatError } from '../base/codec.ts'
import { laneTtlS, messageRecordBytesMax, messagesPerRecordMax } from '../base/limits.ts'
import type { Random } from '../crypto/random.ts'
import { nonceBytes, open, seal, type SealKey } from '../crypto/seal.ts'
import { contentValue, decodeContent, type Content } from '../protocol/content.ts'
import { deviceBytes } from '../protocol/message.ts'
import { numberOf } from '../protocol/paths.ts'
import type { Lease, Operation, Store } from '../store/store.ts'
import { attemptKey, laneKey, outboxKey, outboxRange } from './local-paths.ts'
import { readOne } from './read-one.ts'

export interface Queued {
  readonly device: Bytes
  readonly counter: number
  readonly content: Content
  readonly at: number
}

/** What was last tried: these very bytes at this index. */
export interface Attempt {
  readonly i: number
  readonly record: Bytes
}

export class Outbox {
  readonly #home: Store
  readonly #key: SealKey
  readonly #random: Random
  #lane: Promise<{ device: Bytes; lease: Lease }> | undefined
  #counter = 0
  /** Taken but not yet on disk, in order. */
  #arriving: { readonly put: Operation; readonly done: PromiseWithResolvers<void> }[] = []
  #writing = false

  constructor(home: Store, key: SealKey, random: Random) {
    this.#home = home
    this.#key = key
    this.#random = random
  }

  /** Durable when it resolves; calls resolve in their order. The first call draws this process's device id. */
  async add(roomId: Bytes, content: Content, at: number): Promise<Queued> {
    const { device } = await this.#ownLane()
    const queued = { device, counter: this.#counter++, content, at }
    const key = outboxKey(roomId, device, queued.counter)
    const nonce = this.#random(nonceBytes)
    const sealed = seal(this.#key, nonce, key, encode([at, contentValue(content)]))
    await this.#write({ kind: 'put', key, value: concat(nonce, sealed) })
    return queued
  }

  /** What arrives while a transaction is under way shares the next one. */
  #write(put: Operation): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#arriving.push({ put, done })
    if (!this.#writing) void this.#writeArriving()
    return done.promise
  }

  async #writeArriving(): Promise<void> {
    this.#writing = true
    while (this.#arriving.length > 0) {
      const batch = this.#arriving.splice(0, messagesPerRecordMax)
      try {
        await this.#home.commit({ then: batch.map(({ put }) => put) })
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
    this.#writing = false
  }

  async drop(roomId: Bytes, items: readonly Queued[]): Promise<void> {
    for (let at = 0; at < items.length; at += 100) {
      const then = items.slice(at, at + 100).map(({ device, counter }) => {
        return { kind: 'delete', key: outboxKey(roomId, device, counter) } as const
      })
      await this.#home.commit({ then })
    }
  }

  /** Messages of processes that died, taken over by this one; in order. */
  async adopt(roomId: Bytes): Promise<readonly Queued[]> {
    const { start, end } = outboxRange(roomId)
    const { entries } = await this.#home.range(start, end)
    const adopted: Queued[] = []
    const lanes = new Map<string, boolean>()
    const own = await this.#lane
    for (const { key, value } of entries) {
      const device = deviceOf(key)
      if (own !== undefined && hex(own.device) === hex(device)) continue
      const name = hex(device)
      if (!lanes.has(name)) lanes.set(name, await this.#takeOver(device))
      if (lanes.get(name) !== true) continue
      const queued = this.#open(key, value, device)
      if (queued !== undefined) adopted.push(queued)
    }
    return adopted
  }

  /** Before a record is first tried at an index, so that a later process knows what may stand there. */
  async saveAttempt(roomId: Bytes, device: Bytes, { i, record }: Attempt): Promise<void> {
    await this.#home.commit({
      then: [{ kind: 'put', key: attemptKey(roomId, device), value: encode([i, record]) }],
    })
  }

  async attempt(roomId: Bytes, device: Bytes): Promise<Attempt | undefined> {
    const entry = await readOne(this.#home, attemptKey(roomId, device))
    if (entry === undefined) return undefined
    const fields = Fields.decode(entry.value, 2)
    return { i: fields.unsigned(), record: fields.bytes(messageRecordBytesMax) }
  }

  /** Settled: what was sent and the attempt are forgotten in one step. */
  async settle(roomId: Bytes, items: readonly Queued[]): Promise<void> {
    const [first] = items
    if (first === undefined) return
    const gone = items.map(({ device, counter }) => ({
      kind: 'delete' as const,
      key: outboxKey(roomId, device, counter),
    }))
    await this.#home.commit({ then: [{ kind: 'delete', key: attemptKey(roomId, first.device) }, ...gone] })
  }

  async close(): Promise<void> {
    const lane = await this.#lane?.catch(() => undefined)
    await lane?.lease.revoke().catch(() => undefined)
  }

  #ownLane(): Promise<{ device: Bytes; lease: Lease }> {
    this.#lane ??= (async () => {
      const device = this.#random(deviceBytes)
      const lease = await this.#home.lease(laneTtlS)
      await this.#home.commit({ then: [{ kind: 'put', key: laneKey(device), value: device, lease: lease.id }] })
      return { device, lease }
    })()
    return this.#lane
  }

  async #takeOver(device: Bytes): Promise<boolean> {
    const { lease } = await this.#ownLane()
    const key = laneKey(device)
    const { ok } = await this.#home.commit({
      if: [{ kind: 'revision', key, modRevision: 0 }],
      then: [{ kind: 'put', key, value: device, lease: lease.id }],
    })
    return ok
  }

  #open(key: Bytes, value: Bytes, device: Bytes): Queued | undefined {
    const plain = open(this.#key, value.subarray(0, nonceBytes), key, value.subarray(nonceBytes))
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

/** …/<device>/<counter>: sixteen hexadecimal digits, a slash, eight bytes. */
function deviceOf(key: Bytes): Bytes {
  const digits = key.subarray(-8 - 1 - 2 * deviceBytes, -8 - 1)
  return new Uint8Array(Buffer.from(Buffer.from(digits).toString('latin1'), 'hex'))
}
