/** A search that reads the whole history, page by page: what the indexed one must find. */
import { searchFoundMax } from '../../src/base/limits.ts'
import { changedBy, hasText, isChange, type Change } from '../../src/chat/timeline/changes.ts'
import type { Found, Room, SearchOptions, SearchResult } from '../../src/chat/chat.ts'
import type { MessageItem } from '../../src/chat/item.ts'

const pageItems = 500
/** Between two calls of `progress`, in milliseconds. */
const progressMs = 300

/** Messages in which all the words occur, whatever their case; the newest `last` of them. */
export async function searchPages(
  room: Pick<Room, 'history'>,
  words: readonly string[],
  { last = searchFoundMax, progress }: SearchOptions = {},
  signal?: AbortSignal,
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
