/** The newest records of a log, as they were judged: without reading the disk. */
import { recentRecordsMax } from '../../base/limits.ts'
import type { Filed } from './ledger.ts'

export class Recent {
  /** In order, without a gap. */
  readonly #filed: Filed[] = []

  /** The one that follows. */
  add(filed: Filed): void {
    this.#filed.push(filed)
    if (this.#filed.length > recentRecordsMax) this.#filed.shift()
  }

  at(i: number): Filed | undefined {
    const [first] = this.#filed
    return first && this.#filed[i - first.row.i]
  }

  from(i: number): readonly Filed[] {
    return this.#filed.filter(({ row }) => row.i >= i)
  }

  clear(): void {
    this.#filed.length = 0
  }
}
