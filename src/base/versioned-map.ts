/**
 * A map of which every version stays what it was. Versions that follow one another share a table, so that a change costs
 * the same however large the map is; going on from an older version than the newest copies what that one holds.
 * Iterates in order of insertion, as a Map does.
 */
interface Cell<V> {
  readonly value: V
  readonly from: number
  /** The version from which on it is gone or replaced. */
  until: number
}

interface Table<V> {
  readonly cells: Map<string, Cell<V>[]>
  newest: number
  /** Cells that the newest version does not see. */
  past: number
}

const forever = Number.MAX_SAFE_INTEGER
/** Beyond these, and as many as the map holds, past cells are left behind by a copy. */
const pastCellsKept = 64

export class VersionedMap<V> implements ReadonlyMap<string, V> {
  readonly size: number
  readonly #table: Table<V>
  readonly #version: number

  private constructor(table: Table<V>, version: number, size: number) {
    this.#table = table
    this.#version = version
    this.size = size
  }

  static of<V>(entries: Iterable<readonly [string, V]> = []): VersionedMap<V> {
    const cells = new Map<string, Cell<V>[]>()
    for (const [key, value] of entries) cells.set(key, [{ value, from: 0, until: forever }])
    return new VersionedMap({ cells, newest: 0, past: 0 }, 0, cells.size)
  }

  get(key: string): V | undefined {
    return this.#cell(key)?.value
  }

  has(key: string): boolean {
    return this.#cell(key) !== undefined
  }

  /** The next version, with this value under the key. */
  with(key: string, value: V): VersionedMap<V> {
    const known = this.#cell(key)
    // A key that comes back stands last, in this version and not in those before.
    const stale = known === undefined && this.#table.cells.has(key)
    const { table, version } = this.#next(stale)
    const cells = table.cells.get(key)
    const cell = { value, from: version, until: forever }
    if (cells === undefined) {
      table.cells.set(key, [cell])
    } else {
      this.#end(table, cells, version)
      cells.push(cell)
    }
    return new VersionedMap(table, version, this.size + (known === undefined ? 1 : 0))
  }

  /** The next version, without the key. */
  without(key: string): VersionedMap<V> {
    if (!this.has(key)) return this
    const { table, version } = this.#next(false)
    this.#end(table, table.cells.get(key) ?? [], version)
    return new VersionedMap(table, version, this.size - 1)
  }

  *entries(): Generator<[string, V], undefined> {
    for (const [key, cells] of this.#table.cells) {
      const cell = this.#seen(cells)
      if (cell !== undefined) yield [key, cell.value]
    }
    return undefined
  }

  *keys(): Generator<string, undefined> {
    for (const [key] of this.entries()) yield key
    return undefined
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value
    return undefined
  }

  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.entries()
  }

  forEach(callback: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this)
  }

  #cell(key: string): Cell<V> | undefined {
    const cells = this.#table.cells.get(key)
    return cells && this.#seen(cells)
  }

  #seen(cells: readonly Cell<V>[]): Cell<V> | undefined {
    const version = this.#version
    return cells.findLast(({ from, until }) => from <= version && version < until)
  }

  #next(copy: boolean): { table: Table<V>; version: number } {
    const table = this.#table
    const crowded = table.past > this.size + pastCellsKept
    if (copy || crowded || table.newest !== this.#version) {
      const copied = VersionedMap.of(this).#table
      copied.newest = 1
      return { table: copied, version: 1 }
    }
    table.newest += 1
    return { table, version: table.newest }
  }

  #end(table: Table<V>, cells: readonly Cell<V>[], version: number): void {
    const last = cells.at(-1)
    if (last === undefined || last.until !== forever) return
    last.until = version
    table.past += 1
  }
}
