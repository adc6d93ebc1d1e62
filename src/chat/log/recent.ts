/** The newest records of a log with their verdicts, available without reading the disk. */
import { recentRecordsMax } from '../../base/limits.ts'
import type { AppliedRecord } from '../replay/log-state.ts'

export class Recent {
  /** In order, without a gap. */
  readonly #applied: AppliedRecord[] = []

  /** The one that follows. */
  add(applied: AppliedRecord): void {
    this.#applied.push(applied)
    if (this.#applied.length > recentRecordsMax) this.#applied.shift()
  }

  at(i: number): AppliedRecord | undefined {
    const [first] = this.#applied
    return first && this.#applied[i - first.row.i]
  }

  from(i: number): readonly AppliedRecord[] {
    return this.#applied.filter(({ row }) => row.i >= i)
  }

  clear(): void {
    this.#applied.length = 0
  }
}
