/**
 * A range of the store where anyone can write. Its keys are read first, in pages; a look reads a bounded number and size of
 * values, each of them once, and goes on where the last one ended. `select` bounds what is kept; the rest is deleted, or
 * stays and is not read again. What a watch brings is taken without reading anything else.
 */
import { concat, hex, type Bytes } from '../../base/bytes.ts'
import { Allowance, minuteMs } from '../../base/allowance.ts'
import { later, type Clock } from '../../base/clock.ts'
import { isConclaveError } from '../../base/errors.ts'
import {
  storeOperationsMax,
  untrustedDeletedPerMinute,
  untrustedJudgedMax,
  untrustedKeysMax,
  untrustedKeysPage,
  untrustedLookBytesMax,
  untrustedReadAtOnce,
  untrustedReadMax,
  untrustedTakenPerMinute,
} from '../../base/limits.ts'
import type { KeyRange } from '../../protocol/paths.ts'
import { readOne } from '../../store/read-one.ts'
import type { Entry, Revision, Store, StoreEvent } from '../../store/store.ts'

export type EntryKey = Pick<Entry, 'key' | 'createRevision' | 'modRevision'>

export interface Held<T> extends EntryKey {
  readonly item: T
}

export interface UntrustedRangeParts<T> {
  readonly store: Store
  readonly clock: Clock
  readonly range: KeyRange
  readonly valueBytesMax: number
  /** Values looked at in one look. */
  readonly readMax?: number
  /** Whether what is not kept is deleted. */
  readonly deletes: boolean
  /** undefined for what leads nowhere. */
  judge(entry: Entry): Promise<T | undefined>
  /** Those that stay, in a bounded number. */
  select(held: readonly Held<T>[]): readonly Held<T>[]
  /** Which of the entries that were not read yet are worth it, first first. */
  choose(unread: readonly EntryKey[]): readonly EntryKey[]
  /** Kept for the first time, or with another value. */
  arrived?(held: Held<T>): Promise<void>
}

export const newestFirst = (a: EntryKey, b: EntryKey): number => b.modRevision - a.modRevision

export class UntrustedRange<T> {
  readonly #parts: UntrustedRangeParts<T>
  readonly #held = new Map<string, Held<T>>()
  /** Everything that was judged, also what was not kept. */
  readonly #judged = new Map<string, Revision>()
  readonly #junk = new Map<string, EntryKey>()
  #fresh = new Set<string>()
  readonly #taken: Allowance
  readonly #deleted: Allowance
  /** Where the next look begins. */
  #from: Bytes
  /** Revision at which the keys of the whole range were listed. */
  #wholeAt: Revision = 0
  #isUnfinished = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: UntrustedRangeParts<T>) {
    this.#parts = parts
    this.#from = parts.range.start
    this.#taken = new Allowance(parts.clock, untrustedTakenPerMinute)
    this.#deleted = new Allowance(parts.clock, untrustedDeletedPerMinute)
  }

  get held(): readonly Held<T>[] {
    return [...this.#held.values()]
  }

  /** @returns the revision behind which entries may be new */
  look(signal?: AbortSignal): Promise<Revision> {
    return this.#inTurn(() => this.#look(signal))
  }

  /**
   * Keeps it current. `changed`: after the first look, and then whenever something else is kept. `emptyAt`: a revision at
   * which the range was empty, so that it needs no first look.
   */
  async follow(signal: AbortSignal, changed: () => void, emptyAt?: Revision): Promise<void> {
    const { store, clock, range } = this.#parts
    const from = (emptyAt ?? (await this.look(signal))) + 1
    changed()
    let cancel: (() => void) | undefined
    const lookLater = (): void => {
      if (!this.#isUnfinished || signal.aborted) return
      cancel ??= later(clock, minuteMs, () => {
        cancel = undefined
        this.look(signal)
          .then(changed, () => undefined)
          .finally(lookLater)
      })
    }
    try {
      lookLater()
      for await (const { events } of store.watch(range.start, range.end, { from, signal })) {
        if (await this.#inTurn(() => this.#take(events, signal))) changed()
        lookLater()
      }
    } finally {
      cancel?.()
    }
  }

  /** The next look reads these again. */
  judgeAgain(which: (item: T) => boolean): boolean {
    const again = [...this.#held].filter(([, { item }]) => which(item))
    for (const [name] of again) {
      this.#held.delete(name)
      this.#judged.delete(name)
    }
    return again.length > 0
  }

  delete(held: readonly EntryKey[], signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      for (const { key } of held) this.#drop(hex(key))
      await this.#sweep(held, signal)
    })
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #look(signal?: AbortSignal): Promise<Revision> {
    const { store, range, readMax = untrustedReadMax } = this.#parts
    const start = this.#from
    const listed = new Map<string, EntryKey>()
    let next: Bytes | undefined = start
    let first: Revision | undefined
    while (next !== undefined && listed.size < untrustedKeysMax) {
      const options = { limit: untrustedKeysPage, keysOnly: true }
      const { entries, revision, more } = await store.range(next, range.end, options, signal)
      first ??= revision
      for (const entry of entries) listed.set(hex(entry.key), entry)
      const last = entries.at(-1)
      next = more && last ? concat(last.key, new Uint8Array(1)) : undefined
    }
    this.#dropMissing(listed, hex(start), hex(next ?? range.end))
    const unread = this.#parts.choose(
      [...listed].flatMap(([name, entry]) => (this.#isJudged(name, entry) ? [] : [entry])),
    )
    const isRead = await this.#read(unread.slice(0, readMax), signal)
    this.#isUnfinished = next !== undefined || !isRead || unread.length > readMax
    this.#from = next ?? range.start
    const isWhole = start === range.start && next === undefined
    // A store that was rolled back counts from an earlier revision on.
    this.#wholeAt = isWhole ? (first ?? 0) : Math.min(this.#wholeAt, first ?? 0)
    await this.#settle(signal)
    return first ?? 0
  }

  #isJudged(name: string, { modRevision }: EntryKey): boolean {
    return this.#judged.get(name) === modRevision
  }

  #dropMissing(listed: ReadonlyMap<string, EntryKey>, start: string, end: string): void {
    for (const name of [...this.#judged.keys()]) {
      if (name >= start && name < end && !listed.has(name)) this.#drop(name)
    }
  }

  #drop(name: string): boolean {
    this.#judged.delete(name)
    this.#junk.delete(name)
    return this.#held.delete(name)
  }

  /** Few at a time: strangers choose their size. False if some are left for the next look. */
  async #read(unread: readonly EntryKey[], signal?: AbortSignal): Promise<boolean> {
    let bytes = 0
    let at = 0
    for (; at < unread.length && bytes < untrustedLookBytesMax; at += untrustedReadAtOnce) {
      const page = unread.slice(at, at + untrustedReadAtOnce)
      const read = page.map(({ key }) => readOne(this.#parts.store, key, signal))
      for (const entry of await Promise.all(read)) {
        if (entry === undefined) continue
        bytes += entry.value.length
        await this.#judge(entry)
      }
    }
    return at >= unread.length
  }

  async #judge(entry: Entry): Promise<void> {
    const { key, createRevision, modRevision } = entry
    const name = hex(key)
    const item = entry.value.length > this.#parts.valueBytesMax ? undefined : await this.#parts.judge(entry)
    this.#drop(name)
    this.#judged.set(name, modRevision)
    for (const oldest of this.#judged.keys()) {
      if (this.#judged.size <= untrustedJudgedMax) break
      this.#drop(oldest)
    }
    if (item === undefined) return this.#discard(name, { key, createRevision, modRevision })
    this.#held.set(name, { key, createRevision, modRevision, item })
    this.#fresh.add(name)
  }

  #discard(name: string, { key, createRevision, modRevision }: EntryKey): void {
    this.#held.delete(name)
    if (this.#parts.deletes) this.#junk.set(name, { key, createRevision, modRevision })
  }

  async #take(events: readonly StoreEvent[], signal: AbortSignal): Promise<boolean> {
    const before = new Set(this.#held.values())
    for (const event of events) {
      const { key, modRevision } = event.kind === 'delete' ? event : event.entry
      const name = hex(key)
      // A look has seen what came later.
      if (modRevision <= Math.max(this.#wholeAt, this.#judged.get(name) ?? 0)) continue
      if (event.kind === 'delete') {
        // What was beyond the bound before may be kept now.
        if (this.#drop(name) && !this.#parts.deletes) this.#isUnfinished = true
      } else if (this.#taken.take() === 0) this.#isUnfinished = true
      else await this.#judge(event.entry)
    }
    await this.#settle(signal)
    return this.#held.size !== before.size || this.held.some((one) => !before.has(one))
  }

  async #settle(signal?: AbortSignal): Promise<void> {
    const staying = new Set(this.#parts.select(this.held))
    for (const [name, held] of this.#held) if (!staying.has(held)) this.#discard(name, held)
    const fresh = [...this.#fresh].flatMap((name) => this.#held.get(name) ?? [])
    this.#fresh = new Set()
    for (const held of fresh) await this.#parts.arrived?.(held)
    await this.#sweep([...this.#junk.values()].slice(0, this.#deleted.take(this.#junk.size)), signal)
  }

  /** An entry that was replaced in the meantime stays, and is judged at the next look. */
  async #sweep(junk: readonly EntryKey[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < junk.length; from += storeOperationsMax) {
      const page = junk.slice(from, from + storeOperationsMax)
      for (const { key } of page) this.#drop(hex(key))
      const lying = page.map(({ key, modRevision }) => ({ kind: 'revision', key, modRevision }) as const)
      try {
        await this.#parts.store.commit({ if: lying, then: page.map(({ key }) => ({ kind: 'delete', key })) }, signal)
      } catch (error) {
        if (!isConclaveError(error, 'not-allowed')) throw error
      }
    }
  }
}
