/**
 * Which messages have been shown, as runs of counters per author's device: a message that was sent twice shows once.
 */
import { hex, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields, type Value } from '../../base/codec.ts'
import { deviceBytes } from '../../protocol/message.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import type { Entry, Operation } from '../../store/store.ts'
import { seenKey, seenMergedKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'

type Run = readonly [from: number, to: number]

interface Device {
  readonly key: Bytes
  runs: Run[]
}

export type PutOperation = Extract<Operation, { kind: 'put' }>

export class Seen {
  readonly #roomId: Bytes
  readonly #devices = new Map<string, Device>()
  #changed: Device | undefined
  /** Devices with forgotten messages, not yet on disk. */
  readonly #forgotten = new Set<Device>()

  constructor(roomId: Bytes) {
    this.#roomId = roomId
  }

  /** @param rows what takeChange() returned; newer than `merged`, which mergedRow() returned. */
  load(rows: readonly Entry[], merged: Entry | undefined): void {
    this.#devices.clear()
    this.#forgotten.clear()
    this.#changed = undefined
    readLocal('what was shown of a room', () => {
      if (merged !== undefined) this.#loadMerged(decode(merged.value))
      for (const { key, value } of rows) {
        const name = hex(key.subarray(-(publicKeyBytes + deviceBytes)))
        this.#devices.set(name, { key, runs: runsOf(decode(value)) })
      }
    })
  }

  #loadMerged(value: Value): void {
    for (const item of new Fields([value], 1).array(Infinity)) {
      const fields = new Fields(item, 3)
      const [author, device] = [fields.fixed(publicKeyBytes), fields.fixed(deviceBytes)]
      const key = seenKey(this.#roomId, author, device)
      this.#devices.set(hex(author) + hex(device), { key, runs: runsOf(fields.next()) })
    }
  }

  /** Everything as one row. Each process sends under a device of its own, so the rows would pile up. */
  mergedRow(): PutOperation {
    const devices = [...this.#devices.values()].map(({ key, runs }) => {
      const device = key.length - deviceBytes
      return [key.slice(device - publicKeyBytes, device), key.slice(device), runs]
    })
    return { kind: 'put', key: seenMergedKey(this.#roomId), value: encode(devices) }
  }

  has(firstRootKey: Bytes, device: Bytes, counter: number): boolean {
    const known = this.#devices.get(hex(firstRootKey) + hex(device))
    return known?.runs.some(([from, to]) => from <= counter && counter <= to) === true
  }

  /** Marks a message as shown; false if it already was. */
  add(firstRootKey: Bytes, device: Bytes, counter: number): boolean {
    const name = hex(firstRootKey) + hex(device)
    let known = this.#devices.get(name)
    if (known === undefined) {
      known = { key: seenKey(this.#roomId, firstRootKey, device), runs: [] }
      this.#devices.set(name, known)
    }
    if (this.has(firstRootKey, device, counter)) return false
    known.runs = withCounter(known.runs, counter)
    this.#changed = known
    return true
  }

  /** The message is no longer in the log: it may come again. */
  forget(firstRootKey: Bytes, device: Bytes, counter: number): void {
    const known = this.#devices.get(hex(firstRootKey) + hex(device))
    if (known === undefined) return
    known.runs = withoutCounter(known.runs, counter)
    this.#forgotten.add(known)
  }

  /** The rows of devices with forgotten messages since the last call. */
  takeForgotten(): readonly PutOperation[] {
    const changed = [...this.#forgotten]
    this.#forgotten.clear()
    return changed.map(({ key, runs }) => ({ kind: 'put', key, value: encode(runs) }))
  }

  /** The row that changed since the last call; called after each record, which has one author and device. */
  takeChange(): PutOperation | undefined {
    const changed = this.#changed
    this.#changed = undefined
    return changed && { kind: 'put', key: changed.key, value: encode(changed.runs) }
  }
}

function runsOf(value: Value): Run[] {
  return new Fields([value], 1).array(Infinity).map(runOf)
}

function runOf(value: Value): Run {
  const fields = new Fields(value, 2)
  return [fields.unsigned(), fields.unsigned()]
}

function withoutCounter(runs: readonly Run[], counter: number): Run[] {
  return runs.flatMap(([from, to]): Run[] => {
    if (counter < from || counter > to) return [[from, to]]
    const parts: Run[] = [
      [from, counter - 1],
      [counter + 1, to],
    ]
    return parts.filter(([first, last]) => first <= last)
  })
}

function withCounter(runs: readonly Run[], counter: number): Run[] {
  const sorted = [...runs, [counter, counter] as const].sort((a, b) => a[0] - b[0])
  const joined: Run[] = []
  for (const run of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && last[1] + 1 === run[0]) joined[joined.length - 1] = [last[0], run[1]]
    else joined.push(run)
  }
  return joined
}
