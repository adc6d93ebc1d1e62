/**
 * The unread messages of a room by other people: which of them are for this person (direct messages, and those that name
 * them) and which are not. A mention is a name as a word of its own, in any case, with or without an @.
 */
import { mentionsKeptMax, unreadKeptMax } from '../../base/limits.ts'
import type { UnreadMessage } from '../attention.ts'
import type { TimelineItem } from '../item.ts'

const wordCharacter = /[\p{L}\p{N}_-]/u

export function isMention(text: string, name: string): boolean {
  const wanted = name.toLowerCase()
  const lower = text.toLowerCase()
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    const before = lower[at - 1] ?? ' '
    const after = lower[at + wanted.length] ?? ' '
    if (!wordCharacter.test(before) && !wordCharacter.test(after)) return true
  }
  return false
}

export class UnreadMessages {
  readonly #name: string
  /** Whether everything here is for this person. */
  readonly #isDirect: () => boolean
  #mentions: readonly UnreadMessage[] = []
  /** Of more than are kept, the oldest and the newest; where all are for this person, the newest. */
  #others: readonly UnreadMessage[] = []
  /** Each message is noted once. */
  #notedUpTo = 0

  constructor(name: string, isDirect: () => boolean) {
    this.#name = name
    this.#isDirect = isDirect
  }

  /** Oldest first; of more than `mentionsKeptMax`, the newest. */
  get forYou(): readonly UnreadMessage[] {
    return this.#isDirect() ? merged(this.#mentions, this.#others) : this.#mentions
  }

  get others(): readonly UnreadMessage[] {
    return this.#isDirect() ? [] : this.#others
  }

  get mentions(): number {
    return this.#mentions.length
  }

  note(items: readonly TimelineItem[], readUpTo: number): void {
    for (const item of items) {
      if (item.kind !== 'message' || item.seq <= this.#notedUpTo) continue
      this.#notedUpTo = item.seq
      if (item.own || item.seq <= readUpTo) continue
      const { name, fingerprint } = item.from
      const unread = { seq: item.seq, at: item.at, from: { name, fingerprint } }
      if ('text' in item && isMention(item.text, this.#name)) {
        this.#mentions = [...this.#mentions, unread].slice(-mentionsKeptMax)
      } else if (this.#isDirect()) this.#others = [...this.#others, unread].slice(-mentionsKeptMax)
      else this.#others = [...this.#others.slice(0, unreadKeptMax - 1), unread]
    }
  }

  read(upTo: number): void {
    this.#mentions = this.#mentions.filter(({ seq }) => seq > upTo)
    this.#others = this.#others.filter(({ seq }) => seq > upTo)
  }

  /** The messages behind this one are renumbered, and noted again. */
  goBack(upTo: number): void {
    this.#mentions = this.#mentions.filter(({ seq }) => seq <= upTo)
    this.#others = this.#others.filter(({ seq }) => seq <= upTo)
    this.#notedUpTo = Math.min(this.#notedUpTo, upTo)
  }
}

function merged(a: readonly UnreadMessage[], b: readonly UnreadMessage[]): readonly UnreadMessage[] {
  return [...a, ...b].sort((one, other) => one.seq - other.seq)
}
