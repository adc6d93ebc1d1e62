/**
 * Which messages have been shown, by the author's device and counter: a message that was sent twice shows once. Counters
 * are their authors' choice; kept in blocks of 256, each a row of fixed size, they make no row grow.
 */
import { concat, hex, u64, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields } from '../../base/codec.ts'
import { seenPageBlocks } from '../../base/limits.ts'
import { deviceBytes } from '../../protocol/message.ts'
import { numberOf } from '../../protocol/paths.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import type { Entry, Operation } from '../../store/store.ts'
import { seenKey, seenPageKey } from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'

const blockCounters = 256
const blockBytes = blockCounters / 8
/** In the key of a block's row: author, device, number of the block. */
const nameBytes = publicKeyBytes + deviceBytes + 8

interface Block {
  readonly key: Bytes
  /** A bit for each counter. */
  readonly bits: Bytes
}

export type PutOperation = Extract<Operation, { kind: 'put' }>

export class Seen {
  readonly #roomId: Bytes
  readonly #blocks = new Map<string, Block>()
  readonly #changed = new Set<Block>()
  /** Blocks with forgotten messages, not yet on disk. */
  readonly #forgotten = new Set<Block>()

  constructor(roomId: Bytes) {
    this.#roomId = roomId
  }

  /** @param rows what takeChanges() returned; newer than `pages`, which mergedPages() returned. */
  load(rows: readonly Entry[], pages: readonly Entry[]): void {
    this.#blocks.clear()
    this.#forgotten.clear()
    this.#changed.clear()
    readLocal('what was shown of a room', () => {
      for (const { value } of pages) {
        for (const item of new Fields([decode(value)], 1).array(seenPageBlocks)) {
          const fields = new Fields(item, 4)
          const [author, device] = [fields.fixed(publicKeyBytes), fields.fixed(deviceBytes)]
          this.#add(concat(author, device, u64(fields.unsigned())), fields.fixed(blockBytes))
        }
      }
      for (const { key, value } of rows) {
        this.#add(key.slice(-nameBytes), new Fields([decode(value)], 1).fixed(blockBytes))
      }
    })
  }

  #add(name: Bytes, bits: Bytes): Block {
    const block = { key: seenKey(this.#roomId, name), bits: bits.slice() }
    this.#blocks.set(hex(name), block)
    return block
  }

  has(firstRootKey: Bytes, device: Bytes, counter: number): boolean {
    const block = this.#blocks.get(hex(nameOf(firstRootKey, device, counter)))
    return block !== undefined && ((block.bits[byteOf(counter)] ?? 0) & maskOf(counter)) !== 0
  }

  /** Marks a message as shown; false if it already was. */
  add(firstRootKey: Bytes, device: Bytes, counter: number): boolean {
    const name = nameOf(firstRootKey, device, counter)
    const block = this.#blocks.get(hex(name)) ?? this.#add(name, new Uint8Array(blockBytes))
    const byte = block.bits[byteOf(counter)] ?? 0
    if ((byte & maskOf(counter)) !== 0) return false
    block.bits[byteOf(counter)] = byte | maskOf(counter)
    this.#changed.add(block)
    return true
  }

  /** The message is no longer in the log: it may come again. */
  forget(firstRootKey: Bytes, device: Bytes, counter: number): void {
    const block = this.#blocks.get(hex(nameOf(firstRootKey, device, counter)))
    if (block === undefined) return
    block.bits[byteOf(counter)] = (block.bits[byteOf(counter)] ?? 0) & ~maskOf(counter)
    this.#forgotten.add(block)
  }

  /** The rows with forgotten messages since the last call. */
  takeForgotten(): readonly PutOperation[] {
    return taken(this.#forgotten)
  }

  /** The rows that changed since the last call; called after each record, whose messages are in two blocks at most. */
  takeChanges(): readonly PutOperation[] {
    return taken(this.#changed)
  }
}

/** Rows of blocks as pages: each process sends under a device of its own, so single rows would pile up. */
export function mergedPages(roomId: Bytes, rows: readonly Entry[], firstPage: number): readonly PutOperation[] {
  const pages: PutOperation[] = []
  for (let at = 0; at < rows.length; at += seenPageBlocks) {
    const blocks = rows.slice(at, at + seenPageBlocks).map(({ key, value }) => {
      const name = key.slice(-nameBytes)
      const device = name.slice(publicKeyBytes, publicKeyBytes + deviceBytes)
      return [name.slice(0, publicKeyBytes), device, numberOf(key), decode(value)]
    })
    pages.push({ kind: 'put', key: seenPageKey(roomId, firstPage + pages.length), value: encode(blocks) })
  }
  return pages
}

function taken(blocks: Set<Block>): readonly PutOperation[] {
  const puts = [...blocks].map(({ key, bits }): PutOperation => ({ kind: 'put', key, value: encode(bits) }))
  blocks.clear()
  return puts
}

function nameOf(firstRootKey: Bytes, device: Bytes, counter: number): Bytes {
  return concat(firstRootKey, device, u64(Math.floor(counter / blockCounters)))
}

function byteOf(counter: number): number {
  return Math.floor((counter % blockCounters) / 8)
}

function maskOf(counter: number): number {
  return 1 << (counter % 8)
}
