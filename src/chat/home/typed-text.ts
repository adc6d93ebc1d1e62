/**
 * What a person has typed in a room: the text that is not sent yet, and the lines that were. Kept sealed in the home, so
 * that a hang-up or a restart loses neither; bounded. Of a draft that two programs of the home change, the later change
 * counts; of lines, both are kept. A row that does not open or is damaged counts as absent.
 */
import { fromHex, type Bytes } from '../../base/bytes.ts'
import { decode, encode, Fields, FormatError } from '../../base/codec.ts'
import { draftBytesMax, inputLinesBytesMax, inputLinesMax, typedRowsMax } from '../../base/limits.ts'
import type { Transaction } from '../../store/store.ts'
import { readOne } from '../../store/read-one.ts'
import type { HomeStore } from './home.ts'
import { draftKey, linesKey, typedRange } from './local-paths.ts'
import type { LocalSeal } from './local-seal.ts'

export interface Draft {
  readonly text: string
  /** The message that it answers or replaces. */
  readonly about?: DraftAbout
}

export interface DraftAbout {
  readonly act: 'reply' | 'edit'
  readonly id: string
  /** Its author and text, in a few words. */
  readonly quote: string
  /** What the line held before. */
  readonly before: string
}

export interface Typed {
  readonly draft: Draft | undefined
  /** Oldest first. */
  readonly lines: readonly string[]
}

export interface TypedTexts {
  read(roomId: string): Promise<Typed>
  /** Undefined: there is none any more. */
  saveDraft(roomId: string, draft: Draft | undefined): Promise<void>
  addLines(roomId: string, lines: readonly string[]): Promise<void>
}

const acts = ['', 'reply', 'edit'] as const
const idBytesMax = 256
const quoteBytesMax = 2048
/** Another program of the home writes too, now and then. */
const triesMax = 5

export class TypedTextRows implements TypedTexts {
  readonly #home: HomeStore
  readonly #seal: LocalSeal

  constructor(home: HomeStore, seal: LocalSeal) {
    this.#home = home
    this.#seal = seal
  }

  async read(roomId: string): Promise<Typed> {
    const room = fromHex(roomId)
    const [draft, lines] = [await this.#row(draftKey(room)), await this.#row(linesKey(room))]
    return { draft: readable(draft.plain, draftOf), lines: readable(lines.plain, linesOf) ?? [] }
  }

  async saveDraft(roomId: string, draft: Draft | undefined): Promise<void> {
    const key = draftKey(fromHex(roomId))
    if (draft === undefined) return void (await this.#commit({ then: [{ kind: 'delete', key }] }))
    await this.#put(key, valueOf(draft), 'whatever it was')
  }

  async addLines(roomId: string, added: readonly string[]): Promise<void> {
    const key = linesKey(fromHex(roomId))
    for (let tries = 0; tries < triesMax; tries += 1) {
      const { plain, modRevision } = await this.#row(key)
      // Under keys that this program does not have: another one has changed the passphrase.
      if (plain === undefined && modRevision > 0) return
      const before = readable(plain, linesOf) ?? []
      if (await this.#put(key, encode([...newestOf([...before, ...added])]), modRevision)) return
    }
  }

  async #row(key: Bytes): Promise<{ plain: Bytes | undefined; modRevision: number }> {
    const entry = await readOne(this.#home, key)
    return { plain: entry && this.#seal.open(key, entry.value), modRevision: entry?.modRevision ?? 0 }
  }

  async #put(key: Bytes, plain: Bytes, modRevision: number | 'whatever it was'): Promise<boolean> {
    const put = { kind: 'put', key, value: this.#seal.seal(key, plain) } as const
    if (modRevision === 'whatever it was') await this.#commit({ then: [put] })
    else if (!(await this.#commit({ if: [{ kind: 'revision', key, modRevision }], then: [put] }))) return false
    await this.#dropOldest()
    return true
  }

  async #dropOldest(): Promise<void> {
    const { start, end } = typedRange
    const { entries } = await this.#home.range(start, end, { keysOnly: true })
    const old = entries.toSorted((a, b) => a.modRevision - b.modRevision).slice(0, -typedRowsMax)
    for (const { key, modRevision } of old) {
      await this.#commit({ if: [{ kind: 'revision', key, modRevision }], then: [{ kind: 'delete', key }] })
    }
  }

  /** Ahead of the disk: typing waits for nothing, and the end of the program writes it out. */
  async #commit(transaction: Transaction): Promise<boolean> {
    const { ok } = await (this.#home.commitAhead?.(transaction) ?? this.#home.commit(transaction))
    return ok
  }
}

function valueOf({ text, about }: Draft): Bytes {
  const before = beginning(about?.before ?? '', draftBytesMax / 2)
  const kept = beginning(text, draftBytesMax - Buffer.byteLength(before))
  return encode([kept, about?.act ?? '', about?.id ?? '', beginning(about?.quote ?? '', quoteBytesMax), before])
}

function draftOf(plain: Bytes): Draft {
  const fields = new Fields(decode(plain), 5)
  const [text, word, id] = [fields.text(draftBytesMax), fields.text(idBytesMax), fields.text(idBytesMax)]
  const [quote, before] = [fields.text(quoteBytesMax), fields.text(draftBytesMax)]
  const act = acts.find((one) => one === word)
  if (act === undefined) throw new FormatError(`a draft that is about ${word}`)
  return act === '' ? { text } : { text, about: { act, id, quote, before } }
}

function linesOf(plain: Bytes): readonly string[] {
  const lines = decode(plain)
  if (!Array.isArray(lines) || lines.length > inputLinesMax) throw new FormatError('no list of lines')
  return lines.map((line) => new Fields([line], 1).text(inputLinesBytesMax))
}

function newestOf(lines: readonly string[]): readonly string[] {
  const kept: string[] = []
  let bytes = 0
  for (const line of lines.toReversed()) {
    const size = Buffer.byteLength(line)
    if (size > inputLinesBytesMax) continue
    bytes += size
    if (kept.length === inputLinesMax || bytes > inputLinesBytesMax) break
    kept.unshift(line.toWellFormed())
  }
  return kept
}

/** As much of the text as so many bytes hold. */
function beginning(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text.toWellFormed(), new Uint8Array(bytes))
  return text.slice(0, read).toWellFormed()
}

function readable<T>(plain: Bytes | undefined, read: (plain: Bytes) => T): T | undefined {
  try {
    return plain && read(plain)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
