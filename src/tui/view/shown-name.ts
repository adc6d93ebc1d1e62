/** One shown name per person: if two keys share a name, it is shown with the first digits of each. Pure. */
import type { Person } from '../../chat/item.ts'
import type { RoomView } from '../state/sanitized.ts'
import type { ChatPage } from '../state/state.ts'
import type { Timeline } from '../state/timeline.ts'

export type Twins = ReadonlySet<string>

/** Names shared by more than one person among members, authors of the window, and known keys. */
export function twinsOf({ room, timeline }: ChatPage): Twins {
  const last = kept.get(timeline)
  if (last?.room === room) return last.twins
  const twins = findTwins(room, timeline)
  kept.set(timeline, { room, twins })
  return twins
}

/** Cached: every frame asks. */
const kept = new WeakMap<Timeline, { readonly room: RoomView; readonly twins: Twins }>()

function findTwins(room: RoomView, timeline: Timeline): Twins {
  const twins = new Set(room.changedKeys.map(({ name }) => name))
  const note = (people: Map<string, string>, name: string, who: string): void => {
    const before = people.get(name)
    if (before !== undefined && before !== who) twins.add(name)
    people.set(name, who)
  }
  const members = new Map<string, string>()
  for (const { name, fingerprint } of room.members) note(members, name, fingerprint)
  const authors = new Map<string, string>()
  for (const { item } of timeline.entries) if (item.kind === 'message') note(authors, item.from.name, item.from.id)
  return twins
}

export function shownName({ name, fingerprint }: Person, twins: Twins): string {
  return twins.has(name) ? `${name} ${fingerprint.slice(0, 4)}` : name
}
