/**
 * Edits, deletions and reactions are messages about another one. Every reader who has read as far sees the same: only
 * the author's edits count, only deletions by the author or someone who was an admin then, and nothing about a message
 * that is itself a change. Pure.
 */
import type { MessageContent, MessageItem } from '../item.ts'

export type ChangeContent = MessageContent & { readonly type: 'edit' | 'delete' | 'react' }

/** A message about another one, sent or still pending. */
export type Change = Pick<MessageItem, 'from' | 'own'> & ChangeContent

/** The effect of all changes on a message. */
export interface Changed {
  /** The newest edit's; undefined: as it was written. */
  readonly text: string | undefined
  readonly deleted: boolean
  readonly reactions: readonly Reaction[]
}

/** In the order in which the emoji were first given. */
export interface Reaction {
  readonly emoji: string
  readonly count: number
  /** Whether this person gave it. */
  readonly own: boolean
}

export const unchanged: Changed = { text: undefined, deleted: false, reactions: [] }

export function isChange(item: MessageItem): item is MessageItem & ChangeContent {
  return item.type === 'edit' || item.type === 'delete' || item.type === 'react'
}

/** Whether it has an effect on the message that it names. */
export function counts(change: Change, target: MessageItem): boolean {
  if (isChange(target)) return false
  switch (change.type) {
    case 'edit':
      return byAuthor(change, target) && hasText(target)
    case 'delete':
      return byAuthor(change, target) || change.from.admin
    case 'react':
      return true
  }
}

/** Whether there is a text to edit. */
export function hasText(item: MessageItem): item is MessageItem & { readonly text: string } {
  return item.type === 'text' || item.type === 'emote' || item.type === 'reply'
}

/** A message as it reads now, change by change: each costs the same, however many came before. */
export class ChangingMessage {
  readonly target: MessageItem
  #text: string | undefined
  #deleted = false
  readonly #reactions = new Map<string, Map<string, boolean>>()

  constructor(target: MessageItem, changes: readonly Change[] = []) {
    this.target = target
    for (const change of changes) this.add(change)
  }

  /** One that names this message, after those before it; an ineffective one is ignored. */
  add(change: Change): void {
    if (!counts(change, this.target)) return
    if (change.type === 'edit') this.#text = change.text
    else if (change.type === 'delete') this.#deleted = true
    else {
      const givers = this.#reactions.get(change.emoji) ?? new Map<string, boolean>()
      this.#reactions.set(change.emoji, givers)
      if (change.on) givers.set(nameOf(change), change.own)
      else givers.delete(nameOf(change))
    }
  }

  get text(): string | undefined {
    return this.#deleted ? undefined : this.#text
  }

  get deleted(): boolean {
    return this.#deleted
  }

  get reactions(): readonly Reaction[] {
    if (this.#deleted) return []
    const given = Array.from(this.#reactions, ([emoji, givers]) => {
      return { emoji, count: givers.size, own: givers.get('self') === true }
    })
    return given.filter(({ count }) => count > 0)
  }
}

/** @param changes those that name this message, oldest first; ineffective ones are ignored. */
export function changedBy(target: MessageItem, changes: readonly Change[]): Changed {
  const { text, deleted, reactions } = new ChangingMessage(target, changes)
  return { text, deleted, reactions }
}

function byAuthor(change: Change, target: MessageItem): boolean {
  return nameOf(change) === nameOf(target)
}

/** A pending message has no author id yet. */
function nameOf({ own, from }: Pick<MessageItem, 'own' | 'from'>): string {
  return own ? 'self' : from.id
}
