/**
 * Pages of wraps kept in the home, to restore them to a store that lost them: each member keeps the page with their own
 * wrap, which they read anyway; an epoch's opener keeps them all. Only the newest epochs are kept: links lead back to
 * the others.
 */
import { equalBytes, hex, type Bytes } from '../../base/bytes.ts'
import { wrapEpochsKept } from '../../base/limits.ts'
import { numberOf, type KeyRange } from '../../protocol/paths.ts'
import type { WrapPage } from '../../protocol/wraps.ts'
import type { Operation, Store } from '../../store/store.ts'
import { keptWrapsKey, keptWrapsName, keptWrapsOf, keptWrapsRange } from '../home/local-paths.ts'

export class KeptWraps {
  readonly #home: Store
  readonly #roomId: Bytes

  constructor(home: Store, roomId: Bytes) {
    this.#home = home
    this.#roomId = roomId
  }

  /** `epoch` orders them: only a few lower ones are kept. */
  async keep(epoch: number, name: Bytes, pages: readonly WrapPage[]): Promise<void> {
    const kept = await this.#kept()
    const old = kept.slice(0, Math.max(0, kept.length + 1 - wrapEpochsKept))
    const then = old.map(({ start: key, end }): Operation => ({ kind: 'delete', key, end }))
    if (then.length > 0) await this.#home.commit({ then })
    for (const { page, bytes } of pages) {
      const key = keptWrapsKey(this.#roomId, epoch, name, page)
      await this.#home.commit({ then: [{ kind: 'put', key, value: bytes }] })
    }
  }

  async pagesOf(name: Bytes): Promise<readonly WrapPage[]> {
    const range = (await this.#kept()).find((one) => equalBytes(keptWrapsName(one.start), name))
    if (range === undefined) return []
    const { entries } = await this.#home.range(range.start, range.end)
    return entries.map(({ key, value }) => ({ page: numberOf(key), bytes: value }))
  }

  /** The names of the kept pages. */
  async names(): Promise<readonly Bytes[]> {
    return (await this.#kept()).map(({ start }) => keptWrapsName(start))
  }

  /** One range per epoch, the lowest first. */
  async #kept(): Promise<readonly KeyRange[]> {
    const { start, end } = keptWrapsRange(this.#roomId)
    const { entries } = await this.#home.range(start, end, { keysOnly: true })
    const ranges = new Map<string, KeyRange>()
    for (const { key } of entries) {
      const range = keptWrapsOf(key)
      ranges.set(hex(range.start), range)
    }
    return [...ranges.values()]
  }
}
