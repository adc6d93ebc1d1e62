/** A store that counts what is written to it and read from it. */
import { MemoryStore } from '../../../src/store/memory.ts'
import type { CommitResult, RangeOptions, RangeResult, Transaction } from '../../../src/store/store.ts'
import type { Bytes } from '../../../src/base/bytes.ts'

export class CountingStore extends MemoryStore {
  commits = 0
  rowsWritten = 0
  bytesWritten = 0
  longestValue = 0
  bytesRead = 0

  override async commit(transaction: Transaction, signal?: AbortSignal): Promise<CommitResult> {
    this.commits += 1
    for (const operation of transaction.then) {
      if (operation.kind !== 'put') continue
      this.rowsWritten += 1
      this.bytesWritten += operation.value.length
      this.longestValue = Math.max(this.longestValue, operation.value.length)
    }
    const result = await super.commit(transaction, signal)
    for (const entries of result.reads) for (const { value } of entries) this.bytesRead += value.length
    return result
  }

  override async range(start: Bytes, end: Bytes, options?: RangeOptions, signal?: AbortSignal): Promise<RangeResult> {
    const result = await super.range(start, end, options, signal)
    for (const { value } of result.entries) this.bytesRead += value.length
    return result
  }
}
