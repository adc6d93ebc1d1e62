/** A store that counts what is written to it and read from it. */
import { MemoryStore } from '../../../src/store/memory.ts'
import type { CommitResult, Entry, RangeOptions, RangeResult, Transaction } from '../../../src/store/store.ts'
import type { Bytes } from '../../../src/base/bytes.ts'

export class CountingStore extends MemoryStore {
  commits = 0
  rowsWritten = 0
  bytesWritten = 0
  longestValue = 0
  bytesRead = 0
  /** Bytes of the values in the largest answer. */
  largestAnswer = 0

  override async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.commits += 1
    for (const operation of transaction.then) {
      if (operation.kind !== 'put') continue
      this.rowsWritten += 1
      this.bytesWritten += operation.value.length
      this.longestValue = Math.max(this.longestValue, operation.value.length)
    }
    const result = await super.commit(transaction, signal)
    this.#read(result.reads.flat())
    return result
  }

  override async range(start: Bytes, end: Bytes, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult> {
    const result = await super.range(start, end, options, signal)
    this.#read(result.entries)
    return result
  }

  #read(entries: readonly Entry[]): void {
    const bytes = entries.reduce((sum, { value }) => sum + value.length, 0)
    this.bytesRead += bytes
    this.largestAnswer = Math.max(this.largestAnswer, bytes)
  }
}
