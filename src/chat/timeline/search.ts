/**
 * Searches a room's messages in this client's own verified copy. What is searched is what a person sees: an edited
 * message by its newest text, a deleted one not at all. Records are read newest first; a block of them is passed over
 * where its summary in the home says that nothing in it can be found. The first search that gets there writes the summary.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { searchBlockRecords, searchFoundMax, sliceMs } from '../../base/limits.ts'
import type { Found, SearchOptions, SearchResult } from '../chat.ts'
import type { MessageItem } from '../item.ts'
import type { RoomLog } from '../log/room-log.ts'
import type { AppliedRecord } from '../replay/log-state.ts'
import { changedBy, hasText, isChange, type ChangeContent } from './changes.ts'
import { itemsOf, type Viewer } from './items.ts'
import {
  BlockCollector,
  folded,
  forEachChange,
  holdsAny,
  idPrefix,
  searchedText,
  tokensOf,
  type BlockSummary,
  type SearchIndex,
} from './search-index.ts'
import { wholeLog } from './timeline.ts'

export interface Searched {
  readonly log: RoomLog
  readonly index: SearchIndex
  readonly viewer: Viewer
}

type ChangeItem = MessageItem & ChangeContent

/** Between two calls of `progress`, in milliseconds. */
const progressMs = 300

/** Messages in which all the words occur, whatever their case; the newest `last` of them. */
export async function searchRoom(
  searched: Searched,
  words: readonly string[],
  { last = searchFoundMax, progress }: SearchOptions = {},
  signal?: AbortSignal,
): Promise<SearchResult> {
  const { log } = searched
  await wholeLog(log)
  const search = new Search(searched, words.map(folded), Math.min(last, searchFoundMax), signal)
  let end = log.state.checkpoint.next
  let tellAt = performance.now() + progressMs
  while (end > 0 && !search.isFull) {
    const from = Math.floor((end - 1) / searchBlockRecords) * searchBlockRecords
    await search.take(from, end)
    end = from
    if (performance.now() < tellAt) continue
    progress?.(end)
    tellAt = performance.now() + progressMs
  }
  return { found: search.found.toReversed(), more: search.isFull }
}

class Search {
  readonly #searched: Searched
  readonly #words: readonly string[]
  /** What the tokens of a block must hold, for any of its texts to have all the words. */
  readonly #parts: readonly string[]
  readonly #limit: number
  readonly #signal: AbortSignal | undefined
  /** Newest first. */
  readonly found: Found[] = []
  /** One more than the limit was found. */
  isFull = false
  /** The hash of the last record before what was taken: which log a summary must be of. */
  #hash
  /** Known changes, by the id of the message that they name. */
  readonly #changes = new Map<string, ChangeItem[]>()
  /** Messages with an edit that has all the words: they are found although their first text may not. */
  readonly #edited = new Set<string>()
  readonly #editedPrefixes = new Set<number>()
  /** Records with changes in blocks that were passed over, by the beginnings of the ids of the messages that they name. */
  readonly #passed = new Map<number, number[]>()
  /** Those of them that have been read since. */
  readonly #read = new Set<number>()
  #sliceEnds = performance.now() + sliceMs

  constructor(searched: Searched, words: readonly string[], limit: number, signal?: AbortSignal) {
    this.#searched = searched
    this.#words = words
    this.#parts = words.flatMap(tokensOf)
    this.#limit = limit
    this.#signal = signal
    this.#hash = searched.log.state.checkpoint.hash
  }

  /** The records with from ≤ i < to, which begin a block; what follows them was taken before. */
  async take(from: number, to: number): Promise<void> {
    this.#signal?.throwIfAborted()
    const block = to - from === searchBlockRecords ? from / searchBlockRecords : undefined
    const summary = block === undefined ? undefined : await this.#searched.index.read(block, this.#hash)
    if (summary === undefined) return this.#takeRecords(from, to, block)
    await this.#breathe()
    if (this.#isCandidate(summary)) return this.#takeRecords(from, to)
    forEachChange(summary, (target, record) => {
      const known = this.#passed.get(target)
      if (known === undefined) this.#passed.set(target, [from + record])
      else known.push(from + record)
    })
    this.#hash = summary.previousHash
  }

  #isCandidate(summary: BlockSummary): boolean {
    return this.#parts.every((part) => summary.tokens.includes(part)) || holdsAny(summary, this.#editedPrefixes)
  }

  /** `block`: that it has no summary yet. */
  async #takeRecords(from: number, to: number, block?: number): Promise<void> {
    const { log, index } = this.#searched
    const last = block === undefined ? undefined : await index.lastOf(block)
    const records = await log.records(from, to)
    const [first, newest] = [records[0]?.place, records.at(-1)?.place]
    const collector = new BlockCollector(from)
    for (const record of records.toReversed()) {
      for (const item of this.#messagesOf(record)) {
        if (block !== undefined) collector.add(item)
        await this.#takeMessage(item)
        if (this.isFull) return
        await this.#breathe()
      }
    }
    // What is locked may open later, and with it other messages.
    const isLocked = records.some(({ judgement }) => judgement.kind === 'locked')
    const isWhole = records.length === to - from && !isLocked
    if (block !== undefined && last !== undefined && first !== undefined && newest !== undefined && isWhole) {
      await index.save(block, collector.summary(first.previousHash, newest.hash), last)
    }
    if (first !== undefined) this.#hash = first.previousHash
  }

  /** Newest first. */
  #messagesOf(record: AppliedRecord): readonly MessageItem[] {
    const { log, viewer } = this.#searched
    if (log.room === undefined || record.judgement.kind !== 'message') return []
    return itemsOf(log.room, record, viewer)
      .filter((item) => item.kind === 'message')
      .reverse()
  }

  async #takeMessage(item: MessageItem): Promise<void> {
    if (isChange(item)) return this.#note(item)
    const hasWords = this.#hasWords(searchedText(item))
    if (!hasWords && !this.#edited.has(item.id)) return
    await this.#readPassed(item.id)
    const changes = this.#changes.get(item.id)?.toSorted((a, b) => a.seq - b.seq) ?? []
    const { text, deleted } = changedBy(item, changes)
    if (deleted || !(text === undefined ? hasWords : this.#hasWords(text))) return
    const now = text !== undefined && hasText(item) ? { ...item, text } : item
    if (this.found.length === this.#limit) this.isFull = true
    else this.found.push({ item: now, edited: text !== undefined })
  }

  #note(change: ChangeItem): void {
    if (change.type === 'react') return
    const known = this.#changes.get(change.to)
    if (known === undefined) this.#changes.set(change.to, [change])
    else known.push(change)
    if (change.type !== 'edit' || !this.#hasWords(change.text)) return
    this.#edited.add(change.to)
    this.#editedPrefixes.add(idPrefix(change.to))
  }

  /** Changes of this message in blocks that were passed over. */
  async #readPassed(id: string): Promise<void> {
    for (const i of this.#passed.get(idPrefix(id)) ?? []) {
      if (this.#read.has(i)) continue
      this.#read.add(i)
      for (const record of await this.#searched.log.records(i, i + 1)) {
        for (const item of this.#messagesOf(record)) if (isChange(item)) this.#note(item)
      }
      await this.#breathe()
    }
  }

  #hasWords(text: string): boolean {
    const haystack = folded(text)
    return this.#words.every((word) => haystack.includes(word))
  }

  async #breathe(): Promise<void> {
    if (performance.now() < this.#sliceEnds) return
    await turn()
    this.#signal?.throwIfAborted()
    this.#sliceEnds = performance.now() + sliceMs
  }
}
