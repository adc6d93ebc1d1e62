/**
 * Edits, deletions and reactions are records of their own; a timeline shows what they make of the message that they
 * refer to. Folding looks at the window alone: what refers to an older message stays a line of its own. Pure.
 *
 * Only the author's own edits count, and only his deletions and an admin's.
 */
import type { MessageItem } from '../../chat/item.ts'
import type { Entry } from '../state/timeline.ts'

export interface Folded {
  /** By message id. */
  readonly changes: ReadonlyMap<string, Changes>
  readonly messages: ReadonlyMap<string, MessageItem>
  /** Entries that show only in the message they refer to. */
  readonly hidden: ReadonlySet<string>
}

export interface Changes {
  text?: string
  deleted?: boolean
  /** Who gave which emoji: fingerprint and emoji, to the emoji. */
  reactions?: Map<string, string>
}

export function foldEntries(entries: readonly Entry[], admins: ReadonlySet<string>): Folded {
  const changes = new Map<string, Changes>()
  const messages = new Map<string, MessageItem>()
  const hidden = new Set<string>()
  for (const { key, item } of entries) {
    if (item.kind !== 'message') continue
    if (item.type !== 'edit' && item.type !== 'delete' && item.type !== 'react') {
      messages.set(item.id, item)
      continue
    }
    const target = messages.get(item.to)
    if (target === undefined) continue
    const author = target.from.fingerprint === item.from.fingerprint
    if (item.type === 'edit' && !author) continue
    if (item.type === 'delete' && !author && !admins.has(item.from.fingerprint)) continue
    hidden.add(key)
    const change = changes.get(item.to) ?? {}
    if (item.type === 'edit') change.text = item.text
    else if (item.type === 'delete') change.deleted = true
    else {
      change.reactions ??= new Map()
      const reaction = `${item.from.fingerprint} ${item.emoji}`
      if (item.on) change.reactions.set(reaction, item.emoji)
      else change.reactions.delete(reaction)
    }
    changes.set(item.to, change)
  }
  return { changes, messages, hidden }
}

/** 👍 2  🎉 */
export function reactionLine(changes: Changes | undefined): string {
  const counts = new Map<string, number>()
  for (const emoji of changes?.reactions?.values() ?? []) counts.set(emoji, (counts.get(emoji) ?? 0) + 1)
  return Array.from(counts, ([emoji, count]) => (count > 1 ? `${emoji} ${count}` : emoji)).join('  ')
}
