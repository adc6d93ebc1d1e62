/**
 * A map of which every version stays what it was. Versions that follow one another share a table, so that a change costs
 * the same however large the map is; only going on from an older version than the newest copies what that one holds. A
 * version enters the table when another follows it: one that was made for a trial, and let go, costs nothing.
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

/** A change that is not in the table yet. Without a cell the key is gone. */
interface Change<V> {
  readonly key: string
  readonly value: { readonly value: V } | undefined
}

const forever = Number.MAX_SAFE_INTEGER
/** Beyond these, and as many as the map holds, past cells are left behind by a copy. */
const pastCellsKept = 64

export class VersionedMap<V> implements ReadonlyMap<string, V> {
  readonly size: number
  #table: Table<V>
  #version: number
  #change: Change<V> | undefined

  private constructor(table: Table<V>, version: number, size: number, change?: Change<V>) {
    this.#table = table
    this.#version = version
    this.size = size
    this.#change = change
  }

  static of<V>(entries: Iterable<readonly [string, V]> = []): VersionedMap<V> {
    const cells = new Map<string, Cell<V>[]>()
    for (const [key, value] of entries) cells.set(key, [{ value, from: 0, until: forever }])
    return new VersionedMap({ cells, newest: 0, past: 0 }, 0, cells.size)
  }

  get(key: string): V | undefined {
    return this.#at(key)?.value
  }

  has(key: string): boolean {
    return this.#at(key) !== undefined
  }

  /** The next version, with this value under the key. */
  with(key: string, value: V): VersionedMap<V> {
    const size = this.size + (this.has(key) ? 0 : 1)
    this.#settle()
    return new VersionedMap(this.#table, this.#version, size, { key, value: { value } })
  }

  /** The next version, without the key. */
  without(key: string): VersionedMap<V> {
    if (!this.has(key)) return this
    this.#settle()
    return new VersionedMap(this.#table, this.#version, this.size - 1, { key, value: undefined })
  }

  *entries(): Generator<[string, V], undefined> {
    const change = this.#change
    let met = false
    for (const [key, cells] of this.#table.cells) {
      const cell = this.#seen(cells)
      if (cell === undefined) continue
      const own = change?.key === key
      met ||= own
      const found = own ? change.value : cell
      if (found !== undefined) yield [key, found.value]
    }
    if (change?.value !== undefined && !met) yield [change.key, change.value.value]
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

  #at(key: string): { readonly value: V } | undefined {
    if (this.#change?.key === key) return this.#change.value
    const cells = this.#table.cells.get(key)
    return cells && this.#seen(cells)
  }

  #seen(cells: readonly Cell<V>[]): Cell<V> | undefined {
    const version = this.#version
    return cells.findLast(({ from, until }) => from <= version && version < until)
  }

  /** Enters the table, or a copy of it where another version went on from the same one, or where too much is past. */
  #settle(): void {
    const change = this.#change
    if (change === undefined) return
    const table = this.#table
    const cells = table.cells.get(change.key)
    // A key that comes back stands last, in this version and not in those before.
    const returns = change.value !== undefined && cells !== undefined && this.#seen(cells) === undefined
    const crowded = table.past > this.size + pastCellsKept
    if (returns || crowded || table.newest !== this.#version) {
      this.#table = VersionedMap.of(this).#table
      this.#version = 0
    } else {
      table.newest += 1
      this.#version = table.newest
      this.#enter(change, cells)
    }
    this.#change = undefined
  }

  #enter({ key, value }: Change<V>, cells: Cell<V>[] | undefined): void {
    const last = cells?.at(-1)
    if (last !== undefined && last.until === forever) {
      last.until = this.#version
      this.#table.past += 1
    }
    if (value === undefined) return
    const cell = { value: value.value, from: this.#version, until: forever }
    if (cells === undefined) this.#table.cells.set(key, [cell])
    else cells.push(cell)
  }
}
