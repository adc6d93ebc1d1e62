/**
 * Searches a room's messages in this client's own verified copy. What is searched is what a person sees: an edited
 * message by its newest text, a deleted one not at all.
 */
import { searchFoundMax } from '../../base/limits.ts'
import { changedBy, hasText, isChange, type Change } from './changes.ts'
import type { Room } from '../chat.ts'
import type { MessageItem } from '../item.ts'

export interface Found {
  /** With the text that it has now. */
  readonly item: MessageItem
  readonly edited: boolean
}

export interface SearchResult {
  /** Oldest first. */
  readonly found: readonly Found[]
  /** Whether there are older ones that were left out. */
  readonly more: boolean
}

export interface SearchOptions {
  readonly last?: number
  readonly signal?: AbortSignal
  /** Told from time to time how many records are left. */
  readonly progress?: (left: number) => void
}

const pageItems = 500
/** Between two calls of `progress`, in milliseconds. */
const progressMs = 300

/** Messages in which all the words occur, whatever their case; the newest `last` of them. */
export async function searchRoom(
  room: Pick<Room, 'history'>,
  words: readonly string[],
  { last = searchFoundMax, signal, progress }: SearchOptions = {},
): Promise<SearchResult> {
  const wanted = words.map(folded)
  const limit = Math.min(last, searchFoundMax)
  const found: Found[] = []
  /** Walking backwards, changes to a message come before it, the newest first. */
  const changes = new Map<string, Change[]>()
  let before: number | undefined
  let tellAt = performance.now() + progressMs
  for (;;) {
    signal?.throwIfAborted()
    const page = await room.history({ limit: pageItems, ...(before === undefined ? {} : { before }) }, signal)
    for (const item of page.items.toReversed()) {
      if (item.kind !== 'message') continue
      if (isChange(item)) {
        const known = changes.get(item.to)
        if (known === undefined) changes.set(item.to, [item])
        else known.push(item)
        continue
      }
      const hit = match(item, changes.get(item.id)?.reverse() ?? [], wanted)
      if (hit === undefined) continue
      if (found.length === limit) return { found: found.reverse(), more: true }
      found.push(hit)
    }
    before = page.items.find(({ i }) => i !== undefined)?.i
    if (!page.more || before === undefined) return { found: found.reverse(), more: false }
    if (performance.now() < tellAt) continue
    progress?.(before)
    tellAt = performance.now() + progressMs
  }
}

function match(item: MessageItem, changes: readonly Change[], wanted: readonly string[]): Found | undefined {
  const { text, deleted } = changedBy(item, changes)
  if (deleted) return undefined
  const now = text !== undefined && hasText(item) ? { ...item, text } : item
  const haystack = folded(hasText(now) ? now.text : now.type === 'file' ? now.name : '')
  return wanted.every((word) => haystack.includes(word)) ? { item: now, edited: text !== undefined } : undefined
}

/** Ignores case and variant forms of a letter: ß is ss, a final sigma is a sigma. */
function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}
