/**
 * Edits, deletions and reactions are records of their own; a timeline shows the resulting message
 * (chat/timeline/changes.ts says what counts). A change whose message is in the window shows only there; one that
 * refers to a message further up stays a line of its own. Pure.
 */
import type { Change, Changed } from '../../chat/timeline/changes.ts'
import { changedBy, counts, isChange, unchanged } from '../../chat/timeline/changes.ts'
import type { MessageItem, PendingItem, Person } from '../../chat/item.ts'
import { Namesakes } from '../../chat/people/namesakes.ts'
import { requestWarnings } from '../../chat/wording.ts'
import { isIgnoredItem } from './ignored.ts'
import type { RoomView } from './sanitized.ts'
import type { ChatPage } from './state.ts'
import type { Entry, Timeline } from './timeline.ts'

export interface Folded {
  /** By id: those of the window, and those further up that it refers to, under the names that are shown. */
  readonly messages: ReadonlyMap<string, MessageItem>
  /** Members, authors of the window, and known keys that aren't a member's. */
  readonly namesakes: Namesakes
  /** The effect of all changes on a message, if any. */
  changed(id: string): Changed
  /** Entries that show only in the message they refer to. */
  readonly hidden: ReadonlySet<string>
  /** Ids of the window's messages that have a pending change. */
  readonly waiting: ReadonlySet<string>
  /** Of a message that another one refers to: it is not shown. */
  isIgnored(item: MessageItem): boolean
  /** Many requests to join in a row, by the key of the entry that stands for all of them. */
  readonly requests: ReadonlyMap<string, FoldedRequests>
}

export interface FoldedRequests {
  readonly people: readonly Person[]
  /** Those of them who still wait for an answer. */
  readonly waiting: readonly Person[]
}

/** In a row; more are folded into one line. */
const requestsShown = 3

/** Queried by every frame and key, so it is cached per timeline. */
const kept = new WeakMap<
  Timeline,
  { readonly room: RoomView; readonly ignored: ChatPage['ignored']; readonly folded: Folded }
>()

export function foldPage({ timeline, room, ignored }: ChatPage): Folded {
  const last = kept.get(timeline)
  if (last?.room === room && last.ignored === ignored) return last.folded
  const folded = fold(timeline, room, ignored)
  kept.set(timeline, { room, ignored, folded })
  return folded
}

function fold({ entries, aside }: Timeline, room: RoomView, ignored: ChatPage['ignored']): Folded {
  const { pending, knocks } = room
  const messages = new Map<string, MessageItem>()
  const changes = new Map<string, Change[]>()
  const note = (to: string, change: Change): void => {
    const list = changes.get(to)
    if (list === undefined) changes.set(to, [change])
    else list.push(change)
  }
  const inWindow = new Set<string>()
  const items = [...aside.values(), ...entries.flatMap(({ item }) => (item.kind === 'message' ? [item] : []))]
  // Entries kept aside may be older or newer than the window; in early pages nothing is numbered.
  if (aside.size > 0) items.sort((a, b) => a.i - b.i || a.seq - b.seq)
  const namesakes = namesakesOf(room, items)
  for (const item of items) {
    // What an ignored admin deletes is gone all the same.
    if (item.type === 'react' && isIgnoredItem(ignored, item)) continue
    if (isChange(item)) note(item.to, item)
    else messages.set(item.id, namesakes.shown(item))
  }
  for (const { item } of entries) if (item.kind === 'message') inWindow.add(item.id)
  const waiting = new Set<string>()
  for (const change of pending.flatMap((one) => pendingChange(one) ?? [])) {
    if (!inWindow.has(change.to)) continue
    note(change.to, change)
    waiting.add(change.to)
  }
  const hidden = new Set<string>()
  for (const { key, item } of entries) {
    if (isIgnoredItem(ignored, item)) hidden.add(key)
    if (item.kind !== 'message' || !isChange(item) || !inWindow.has(item.to)) continue
    const target = messages.get(item.to)
    if (target !== undefined && counts(item, target)) hidden.add(key)
  }
  const requests = foldRequests(entries, knocks, hidden)
  const known = new Map<string, Changed>()
  const changed = (id: string): Changed => {
    const list = changes.get(id)
    const target = messages.get(id)
    if (list === undefined || target === undefined) return unchanged
    const result = known.get(id) ?? changedBy(target, list)
    known.set(id, result)
    return result
  }
  const isIgnored = (item: MessageItem): boolean => isIgnoredItem(ignored, item)
  return { messages, namesakes, changed, hidden, waiting, requests, isIgnored }
}

function namesakesOf({ members, changedKeys }: RoomView, messages: readonly MessageItem[]): Namesakes {
  const namesakes = new Namesakes(members)
  for (const { name, known } of changedKeys) namesakes.add([{ name, fingerprint: known, id: known }])
  for (const { from } of messages) namesakes.add([from])
  return namesakes
}

/** Requests that come with a warning stay lines of their own. */
function foldRequests(entries: readonly Entry[], knocks: RoomView['knocks'], hidden: Set<string>): Folded['requests'] {
  const asking = new Set(knocks.map(({ fingerprint, at }) => `${fingerprint} ${at}`))
  const requests = new Map<string, FoldedRequests>()
  let run: { readonly key: string; readonly person: Person; readonly waits: boolean }[] = []
  const close = (): void => {
    const last = run.at(-1)
    if (last !== undefined && run.length > requestsShown) {
      const [people, waiting] = [run, run.filter(({ waits }) => waits)].map((all) => all.map(({ person }) => person))
      requests.set(last.key, { people: people ?? [], waiting: waiting ?? [] })
      for (const { key } of run.slice(0, -1)) hidden.add(key)
    }
    run = []
  }
  for (const { key, item } of entries) {
    if (item.kind !== 'admin' || item.event !== 'knock') {
      if (!hidden.has(key)) close()
      continue
    }
    if (hidden.has(key)) continue
    const person = item.target ?? item.by
    const waits = asking.has(`${person.fingerprint} ${item.at}`)
    if (requestWarnings({ ...item, name: '' }).length === 0) run.push({ key, person, waits })
  }
  close()
  return requests
}

/** Still being sent, but shown already. A failed change is a line of its own. */
export function pendingChange({ content, state }: PendingItem): Change | undefined {
  if (state === 'failed') return undefined
  if (content.type !== 'edit' && content.type !== 'delete' && content.type !== 'react') return undefined
  // The engine has checked that it would count: an admin deletes as one.
  return { ...content, own: true, from: { name: '', fingerprint: '', id: '', admin: true } }
}
