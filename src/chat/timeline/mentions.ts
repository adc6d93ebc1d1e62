/** Mentions: a name as a word of its own, in any case, with or without an @. */
import { mentionsKeptMax } from '../../base/limits.ts'
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

/** The unread messages of a room that name this person, by number. */
export class Mentions {
  readonly #name: string
  #numbers: number[] = []

  constructor(name: string) {
    this.#name = name
  }

  get count(): number {
    return this.#numbers.length
  }

  note(items: readonly TimelineItem[], readUpTo: number): void {
    for (const item of items) {
      if (item.kind !== 'message' || item.own || item.seq <= readUpTo || !('text' in item)) continue
      if (!isMention(item.text, this.#name)) continue
      this.#numbers.push(item.seq)
      if (this.#numbers.length > mentionsKeptMax) this.#numbers.shift()
    }
  }

  read(upTo: number): void {
    this.#numbers = this.#numbers.filter((seq) => seq > upTo)
  }
}
