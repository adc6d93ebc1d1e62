/** Messages further up that something in the window refers to: they are fetched once, so that a reply shows its quote. Pure. */
import type { Effect } from './effect.ts'
import type { ChatPage } from './state.ts'
import { oldestPlace } from './timeline.ts'

/** Looked for at a time; what is left waits for the next look. */
const idsMax = 50

export function lookUpReferred(page: ChatPage): { readonly page: ChatPage; readonly effects: readonly Effect[] } {
  const { timeline } = page
  const before = oldestPlace(timeline)
  if (before === undefined || !timeline.moreBefore) return { page, effects: [] }
  const here = new Set(timeline.entries.flatMap(({ item }) => (item.kind === 'message' ? [item.id] : [])))
  const wanted = new Set<string>()
  for (const { item } of timeline.entries) {
    if (item.kind !== 'message' || !('to' in item) || here.has(item.to)) continue
    if (!timeline.aside.has(item.to) && !timeline.sought.has(item.to)) wanted.add(item.to)
  }
  const ids = [...wanted].slice(0, idsMax)
  if (ids.length === 0) return { page, effects: [] }
  const sought = new Set([...timeline.sought, ...ids])
  return { page: { ...page, timeline: { ...timeline, sought } }, effects: [{ do: 'look-up', ids, before }] }
}
