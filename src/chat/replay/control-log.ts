/**
 * The cleartext headers of a room's control records, unverified: found through the hints in the store if they are
 * right, else in the log itself. They decide nothing; they tell where to look.
 */
import { equalBytes, type Bytes } from '../../base/bytes.ts'
import { decode, FormatError } from '../../base/codec.ts'
import { logPageRecords, recordsAtOnce, storeOperationsMax } from '../../base/limits.ts'
import { controlKey, controlRange, logKey, numberOf } from '../../protocol/paths.ts'
import { decodeRecord, isMessage, recordHash, type ControlOuter, type ControlHeader } from '../../protocol/record.ts'
import type { Operation, Store } from '../../store/store.ts'
import { boundedRange } from './bounded-range.ts'
import { logPage } from './log-page.ts'

export interface ReadControl {
  readonly i: number
  readonly hash: Bytes
  readonly outer: ControlOuter
}

/** Concurrent transactions of point reads. */
const readsAtOnce = 4

export class ControlLog {
  readonly #store: Store
  readonly #roomId: Bytes
  readonly #found = new Map<number, ReadControl>()
  #fresh: ReadControl[] = []
  /** How far the log has been read for them. */
  #readTo = 0
  #isComplete = false

  constructor(store: Store, roomId: Bytes) {
    this.#store = store
    this.#roomId = roomId
  }

  /** Those that were found since the last call, in the order of the log. */
  takeFresh(): readonly ReadControl[] {
    return this.#fresh.splice(0).sort((a, b) => a.i - b.i)
  }

  /** All of them are given out again. */
  again(): void {
    this.#fresh = [...this.#found.values()]
  }

  /** Whether the whole log has been read for them, and nothing was dropped since. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Takes note of a record that was read anyway; undefined if it isn't a control record. */
  note(i: number, bytes: Bytes): ReadControl | undefined {
    const known = this.#found.get(i)
    if (known !== undefined) return known
    if (isMessage(bytes)) return undefined
    try {
      const record = decodeRecord(bytes)
      if (record.kind !== 'control') return undefined
      const control = { i, hash: recordHash(bytes), outer: record.outer }
      this.#found.set(i, control)
      this.#fresh.push(control)
      return control
    } catch (error) {
      if (error instanceof FormatError) return undefined
      throw error
    }
  }

  /** Frees everything: in a large room it is many megabytes. */
  forget(): void {
    this.#found.clear()
    this.#fresh = []
    this.#readTo = 0
    this.#isComplete = false
  }

  /** Indices of control records, by the hints, in the order of n. */
  async hinted(signal?: AbortSignal): Promise<readonly number[]> {
    const { end } = controlRange(this.#roomId)
    const range = { start: controlKey(this.#roomId, 0), end }
    const bounds = { limit: storeOperationsMax, valueBytesMax: encodedIndexBytes }
    const entries = await boundedRange(this.#store, range, bounds, signal)
    return [...new Set(entries.flatMap(({ value }) => hintedIndex(value)))]
  }

  /** Everything that the hints point at. */
  async readHinted(hinted: readonly number[], signal?: AbortSignal): Promise<void> {
    const indices = hinted.filter((i) => !this.#found.has(i))
    const parts: number[][] = []
    for (let at = 0; at < indices.length; at += recordsAtOnce) parts.push(indices.slice(at, at + recordsAtOnce))
    const readOn = async (): Promise<void> => {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) await this.#read(part, signal)
    }
    await Promise.all(Array.from({ length: readsAtOnce }, readOn))
  }

  /** Everything that the log holds, and that was not read before. */
  async readAll(signal?: AbortSignal): Promise<void> {
    this.#readTo = await this.#readPages({ from: this.#readTo }, signal)
    this.#isComplete = true
  }

  /**
   * The records that lead from this one back to genesis, oldest first and without itself: each is the one whose hash
   * its successor names. undefined if they don't lead there.
   */
  async leadingTo(last: ControlHeader, signal?: AbortSignal): Promise<readonly ReadControl[] | undefined> {
    const back: ReadControl[] = []
    let at = last
    while (at.n > 0) {
      const { previousHeadIndex: i, previousHead, n } = at
      if (i >= at.i) return undefined
      // Where the hints fail, the whole neighbourhood is read: they may all be gone.
      if (!this.#found.has(i)) await this.#readAround(i, signal)
      const control = this.#found.get(i)
      if (control === undefined || !equalBytes(control.hash, previousHead)) return undefined
      const { header } = control.outer
      if (header.n !== n - 1 || header.i !== i) return undefined
      back.push(control)
      at = header
    }
    return back.reverse()
  }

  async #readAround(i: number, signal?: AbortSignal): Promise<void> {
    await this.#readPages({ from: Math.max(0, i - logPageRecords + 1), to: i + 1 }, signal)
  }

  /** @returns the index after the last record */
  async #readPages({ from, to }: { from: number; to?: number | undefined }, signal?: AbortSignal): Promise<number> {
    for (let at = from; ;) {
      const { entries, more } = await logPage(this.#store, this.#roomId, { from: at, to }, signal)
      for (const { key, value } of entries) this.note(numberOf(key), value)
      const last = entries.at(-1)
      if (last !== undefined) at = numberOf(last.key) + 1
      if (!more || last === undefined) return at
    }
  }

  async #read(indices: readonly number[], signal?: AbortSignal): Promise<void> {
    const then = indices.map((i): Operation => ({ kind: 'read', key: logKey(this.#roomId, i) }))
    const { reads } = await this.#store.commit({ then }, signal)
    reads.forEach(([entry], k) => entry && this.note(indices[k] as number, entry.value))
  }
}

/** undefined for any other record, and for bytes that aren't a record. */
export function controlHeader(bytes: Bytes): ControlHeader | undefined {
  try {
    const record = decodeRecord(bytes)
    return record.kind === 'control' ? record.outer.header : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** Of a number as it is encoded, at most. */
const encodedIndexBytes = 9

/** Anyone may write a hint: one that isn't an index is ignored. */
function hintedIndex(value: Bytes): number[] {
  try {
    const i = decode(value)
    return typeof i === 'number' && i >= 0 ? [i] : []
  } catch (error) {
    if (error instanceof FormatError) return []
    throw error
  }
}
