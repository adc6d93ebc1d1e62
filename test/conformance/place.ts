/** What a store must bring to be held to the suite, and the words that its cases are written in. */
import { randomUUID } from 'node:crypto'
import { prefixEnd, textOf, utf8 } from '../../src/base/bytes.ts'
import type { Bytes } from '../../src/base/bytes.ts'
import type {
  CommitResult,
  Entry,
  Operation,
  Store,
  StoreCapabilities,
  StoreEvent,
  WatchBatch,
} from '../../src/store/store.ts'
import type { Target } from './target.ts'

/** One store's data, fresh or at least not in use by others. */
export interface Home {
  /** A further handle on the same data. */
  open(): Promise<Store>
  /** Forgets history up to and including a revision. */
  compact(store: Store, revision: number): Promise<void>
  end(): Promise<void>
}

export interface Subject {
  readonly capabilities: StoreCapabilities
  open(): Promise<Home & { readonly target?: Target }>
}

/** A corner of the store of its own: keys are given as text under a random prefix. */
export class Place {
  readonly store: Store
  /** Among the keys that a person of a cluster may write. */
  readonly prefix = `rooms/t/${randomUUID()}/`

  constructor(store: Store) {
    this.store = store
  }

  get start(): Bytes {
    return utf8(this.prefix)
  }

  get end(): Bytes {
    return prefixEnd(this.start)
  }

  key(name: string): Bytes {
    return utf8(this.prefix + name)
  }

  nameOf(key: Uint8Array): string {
    return textOf(key).slice(this.prefix.length)
  }

  put(name: string, value = name): Extract<Operation, { kind: 'put' }> {
    return { kind: 'put', key: this.key(name), value: utf8(value) }
  }

  delete(name: string): Operation {
    return { kind: 'delete', key: this.key(name) }
  }

  commit(...then: Operation[]): Promise<CommitResult> {
    return this.store.commit({ then })
  }

  /** Puts a key that must be absent: a write that may be repeated when its reply is lost. */
  create(name: string, store = this.store): Promise<CommitResult> {
    return store.commit({ if: [{ kind: 'revision', key: this.key(name), modRevision: 0 }], then: [this.put(name)] })
  }

  async names(store = this.store): Promise<string[]> {
    const { entries } = await store.range(this.start, this.end)
    return entries.map((entry) => this.nameOf(entry.key))
  }

  async revision(): Promise<number> {
    return (await this.store.range(this.start, this.end, { limit: 1 })).revision
  }

  watch(from?: number, signal?: AbortSignal, store = this.store): AsyncIterable<WatchBatch> {
    return store.watch(this.start, this.end, {
      ...(from === undefined ? {} : { from }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** An event as text: `put name=value` or `delete name`. */
  told(event: StoreEvent): string {
    if (event.kind === 'delete') return `delete ${this.nameOf(event.key)}`
    return `put ${this.nameOf(event.entry.key)}=${textOf(event.entry.value)}`
  }
}

export function shown(entries: readonly Entry[]): string[] {
  return entries.map((entry) => textOf(entry.value))
}

/** Reads a watch until at least `count` events have come; the batches as they were. */
export async function take(watch: AsyncIterable<WatchBatch>, count: number): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = []
  let events = 0
  for await (const batch of watch) {
    batches.push(batch)
    events += batch.events.length
    if (events >= count) break
  }
  return batches
}
