/**
 * What a search needs to know of a block of a room's records: the words in it, which messages it holds, and which it edits
 * or deletes. Kept sealed in the home and derived from its copy, so a row that is missing, damaged or of another log only
 * costs reading the block again.
 */
import { decode, encode, Fields, FormatError } from '../../base/codec.ts'
import type { Bytes } from '../../base/bytes.ts'
import { searchBlockRecords, searchRowBytesMax } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { readOne } from '../../store/read-one.ts'
import type { Entry } from '../../store/store.ts'
import type { HomeStore } from '../home/home.ts'
import { replicaKey, searchKey } from '../home/local-paths.ts'
import type { LocalSeal } from '../home/local-seal.ts'
import type { MessageItem } from '../item.ts'
import type { Replica } from '../replica/replica.ts'
import { hasText, isChange } from './changes.ts'

/** Rows of another form, or folded by another version of Unicode, are not read. */
const form = `1 ${process.versions['unicode']}`
/** Neither in a token nor in a part of a word. */
const separator = '\n'
const formBytesMax = 32
const idBytes = 4
/** The beginning of a target's id, and the record's place in the block. */
const changeBytes = idBytes + 2

export interface BlockSummary {
  /** The hash of the record before the block, and of its last one: which log it was derived from. */
  readonly previousHash: Bytes
  readonly hash: Bytes
  /** The distinct tokens of its texts and file names, folded. */
  readonly tokens: string
  /** The beginnings of the ids of messages that can be edited. */
  readonly ids: Bytes
  /** The edits and deletions in it, in order. */
  readonly changes: Bytes
}

/** Ignores case and variant forms of a letter: ß is ss, a final sigma is a sigma. */
export function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}

/** The parts of a folded text of which each lies within one token. */
export function tokensOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((token) => token !== '')
}

/** What a search looks at in a message. */
export function searchedText(item: MessageItem): string {
  if ('text' in item) return item.text
  return item.type === 'file' ? item.name : ''
}

/** The beginning of an id, as rows have it: others can be made to begin alike, so it only says where to look. */
export function idPrefix(id: string): number {
  return Number.parseInt(id.slice(0, 2 * idBytes), 16)
}

export function holdsAny({ ids }: BlockSummary, prefixes: ReadonlySet<number>): boolean {
  if (prefixes.size === 0) return false
  const view = viewOf(ids)
  for (let at = 0; at < ids.length; at += idBytes) if (prefixes.has(view.getUint32(at))) return true
  return false
}

/** Calls `each` with the beginning of the changed message's id and with the change's record, counted from the block's first. */
export function forEachChange({ changes }: BlockSummary, each: (target: number, record: number) => void): void {
  const view = viewOf(changes)
  for (let at = 0; at < changes.length; at += changeBytes) each(view.getUint32(at), view.getUint16(at + idBytes))
}

/** Collects the messages of one block, in any order. */
export class BlockCollector {
  readonly #from: number
  readonly #tokens = new Set<string>()
  readonly #ids: number[] = []
  readonly #changes: (readonly [target: number, record: number])[] = []
  #bytes = 0

  constructor(from: number) {
    this.#from = from
  }

  add(item: MessageItem): void {
    if (this.#bytes > searchRowBytesMax) return
    for (const token of tokensOf(folded(searchedText(item)))) {
      if (this.#tokens.has(token)) continue
      this.#tokens.add(token)
      this.#bytes += Buffer.byteLength(token) + 1
    }
    if (hasText(item)) this.#ids.push(idPrefix(item.id))
    else if (isChange(item) && item.type !== 'react') this.#changes.push([idPrefix(item.to), item.i - this.#from])
  }

  summary(previousHash: Bytes, hash: Bytes): BlockSummary {
    const ids = new Uint8Array(this.#ids.length * idBytes)
    const changes = new Uint8Array(this.#changes.length * changeBytes)
    const [idsView, changesView] = [viewOf(ids), viewOf(changes)]
    for (const [k, id] of this.#ids.entries()) idsView.setUint32(k * idBytes, id)
    for (const [k, [target, record]] of this.#changes.entries()) {
      changesView.setUint32(k * changeBytes, target)
      changesView.setUint16(k * changeBytes + idBytes, record)
    }
    return { previousHash, hash, tokens: [...this.#tokens].join(separator), ids, changes }
  }
}

export class SearchIndex {
  readonly #home: HomeStore
  readonly #roomId: Bytes
  readonly #seal: LocalSeal
  readonly #replica: Replica

  constructor(home: HomeStore, roomId: Bytes, seal: LocalSeal, replica: Replica) {
    this.#home = home
    this.#roomId = roomId
    this.#seal = seal
    this.#replica = replica
  }

  /** The summary of a block that ends with the record of this hash. */
  async read(block: number, hash: Bytes): Promise<BlockSummary | undefined> {
    const key = searchKey(this.#roomId, block)
    const entry = await readOne(this.#home, key)
    const plain = entry && this.#seal.open(key, entry.value)
    const summary = plain && readable(plain)
    return summary !== undefined && Buffer.compare(summary.hash, hash) === 0 ? summary : undefined
  }

  /** The block's last record in the home, read before the block itself: what is saved must have been derived from it. */
  async lastOf(block: number): Promise<Entry | undefined> {
    await this.#replica.flush()
    return readOne(this.#home, replicaKey(this.#roomId, (block + 1) * searchBlockRecords - 1))
  }

  /** Does nothing where the row would be too long, or the copy has changed meanwhile. */
  async save(block: number, summary: BlockSummary, { key, modRevision }: Entry): Promise<void> {
    const place = searchKey(this.#roomId, block)
    const { previousHash, hash, tokens, ids, changes } = summary
    const plain = encode([form, previousHash, hash, tokens, ids, changes])
    if (plain.length > searchRowBytesMax) return
    const transaction = {
      if: [{ kind: 'revision', key, modRevision } as const, this.#replica.sameDivergences],
      then: [{ kind: 'put', key: place, value: this.#seal.seal(place, plain) } as const],
    }
    await (this.#home.commitAhead?.(transaction) ?? this.#home.commit(transaction))
  }
}

function readable(plain: Bytes): BlockSummary | undefined {
  try {
    const fields = new Fields(decode(plain), 6)
    if (fields.text(formBytesMax) !== form) return undefined
    return {
      previousHash: fields.fixed(hashBytes),
      hash: fields.fixed(hashBytes),
      tokens: fields.text(searchRowBytesMax),
      ids: whole(fields.bytes(searchRowBytesMax), idBytes),
      changes: whole(fields.bytes(searchRowBytesMax), changeBytes),
    }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function whole(bytes: Bytes, unit: number): Bytes {
  if (bytes.length % unit !== 0) throw new FormatError('cut short')
  return bytes
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
