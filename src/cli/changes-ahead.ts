/**
 * The changes of a stretch of history, collected before it is printed: a message that was deleted is not printed and
 * taken back then. Holds the changes alone, so a long history takes no more memory than what was changed in it.
 */
import { counts, isChange, type Change } from '../chat/timeline/changes.ts'
import type { MessageItem, TimelineItem } from '../chat/item.ts'

export class ChangesAhead {
  readonly #changes = new Map<string, (MessageItem & Change)[]>()
  readonly #shown = new Set<string>()

  static async of(items: AsyncIterable<TimelineItem> | readonly TimelineItem[]): Promise<ChangesAhead> {
    const ahead = new ChangesAhead()
    for await (const item of items) {
      if (item.kind !== 'message' || !isChange(item)) continue
      const known = ahead.#changes.get(item.to)
      if (known === undefined) ahead.#changes.set(item.to, [item])
      else known.push(item)
    }
    return ahead
  }

  /** What changes this message, which is printed now. */
  about(target: MessageItem): readonly Change[] {
    const changes = (this.#changes.get(target.id) ?? []).filter((change) => counts(change, target))
    for (const { id } of changes) this.#shown.add(id)
    return changes
  }

  /** Whether it was printed with its message. */
  isShown(change: MessageItem): boolean {
    return this.#shown.has(change.id)
  }
}
