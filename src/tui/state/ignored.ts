/**
 * `/ignore`: people whose messages, reactions and requests this home's terminals don't show, and whom nothing is announced
 * of. They are known by key, never by name. What room events say about them stays. Pure.
 */
import { preferenceEntriesMax } from '../../base/limits.ts'
import { withoutPeople } from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import type { Person, TimelineItem } from '../../chat/item.ts'
import { needsMore, type Handlers, type Typed } from './commands.ts'
import type { Event } from './event.ts'
import { allNamed, withOne } from './members.ts'
import { info, next, problem, sheet } from './next.ts'
import { withPreferences } from './settings-table.ts'
import type { ChatPage, Next, State } from './state.ts'

type Ignored = State['preferences']['ignored']

/** Whether an item has no place on the screen. */
export function isIgnoredItem(ignored: Ignored, item: TimelineItem): boolean {
  switch (item.kind) {
    case 'message':
      return Object.hasOwn(ignored, item.from.fingerprint)
    case 'lost':
      return isIgnoredItem(ignored, item.item)
    case 'admin':
      return item.event === 'knock' && Object.hasOwn(ignored, (item.target ?? item.by).fingerprint)
    case 'warning':
      return false
  }
}

/** The event without what ignored people have to do with it; items stay, for the time when they are ignored no more. */
export function withoutIgnored({ preferences: { ignored } }: State, event: Event): Event {
  if (Object.keys(ignored).length === 0) return event
  const isIgnored = (fingerprint: string): boolean => Object.hasOwn(ignored, fingerprint)
  switch (event.kind) {
    case 'chat':
    case 'logged-in':
      return { ...event, rooms: event.rooms.map((room) => heard(room, isIgnored)) }
    case 'room':
    case 'opened': {
      const knocks = event.room.knocks.filter(({ fingerprint }) => !isIgnored(fingerprint))
      return { ...event, room: { ...event.room, knocks } }
    }
    case 'found':
      return { ...event, hits: event.hits.filter(({ from }) => !isIgnored(from.fingerprint)) }
    default:
      return event
  }
}

function heard(room: RoomSummary, isIgnored: (fingerprint: string) => boolean): RoomSummary {
  const attention = withoutPeople(room.attention, isIgnored)
  if (attention.every((one, index) => one === room.attention[index]) && attention.length === room.attention.length) {
    return room
  }
  const gone = (kinds: readonly string[]): number => {
    const sum = (all: RoomSummary['attention']): number => {
      return all.reduce((total, { kind, count }) => total + (kinds.includes(kind) ? count : 0), 0)
    }
    return sum(room.attention) - sum(attention)
  }
  return {
    ...room,
    attention,
    unread: room.unread - gone(['message', 'mention', 'direct']),
    mentions: room.mentions - gone(['mention', 'direct']),
  }
}

/** The page knows whom it hides. */
export function withIgnored(state: State): State {
  const { page, preferences } = state
  if (page.kind !== 'chat' || page.ignored === preferences.ignored) return state
  return { ...state, page: { ...page, ignored: preferences.ignored } }
}

/** Others are ignored now: what was left out comes again. */
export function retoldFor(before: State, done: Next): Next {
  const [was, is] = [before.preferences.ignored, done.state.preferences.ignored]
  const isSame = was === is || Object.keys(was).toSorted().join() === Object.keys(is).toSorted().join()
  return isSame ? done : { ...done, effects: [...done.effects, { do: 'retell' }] }
}

export const ignoreCommands: Handlers<Typed> = { ignore, unignore }

function ignore(typed: Typed): Next {
  const { state, argument } = typed
  const { page, self, preferences } = state
  if (argument === '') return next(sheet(state, 'Ignored', ignoredLines(state)))
  if (page.kind !== 'chat') return next(problem(state, 'First open a room they are in.', 'People are ignored by key.'))
  return withOne(state, page, peopleOf(page), argument, ({ name, fingerprint }) => {
    if (fingerprint === self?.fingerprint) return next(problem(state, "You can't ignore yourself."))
    if (Object.hasOwn(preferences.ignored, fingerprint)) return next(info(state, `${name} is already ignored.`))
    if (Object.keys(preferences.ignored).length >= preferenceEntriesMax) {
      return next(problem(state, `You already ignore ${preferenceEntriesMax} people.`, '/unignore one first.'))
    }
    const done = withPreferences(state, { ignored: { [fingerprint]: name } })
    return { ...done, state: info(done.state, `${name} (${fingerprint}) is ignored.`, `/unignore ${name} to undo it.`) }
  })
}

function unignore(typed: Typed): Next {
  const { state, argument } = typed
  if (argument === '') return needsMore(typed)
  const people = ignoredPeople(state)
  const found = allNamed(people, argument)
  const [only] = found
  if (only === undefined)
    return next(problem(state, `You don't ignore anyone called ${argument}.`, '/ignore lists them.'))
  if (found.length > 1 && state.page.kind === 'chat')
    return withOne(state, state.page, people, argument, () => next(state))
  const done = withPreferences(state, { ignored: { [only.fingerprint]: undefined } })
  return { ...done, state: info(done.state, `${only.name} is no longer ignored.`) }
}

/** Each key once: members, who asks to join, who was invited, and authors of what is loaded. */
function peopleOf({ room, timeline }: ChatPage): readonly Person[] {
  const authors = timeline.entries.flatMap(({ item }) => (item.kind === 'message' ? [item.from] : []))
  const knocking = timeline.entries.flatMap(({ item }) =>
    item.kind === 'admin' && item.event === 'knock' ? [item.target ?? item.by] : [],
  )
  const all = [...room.members, ...room.knocks, ...room.invitations, ...authors, ...knocking]
  return [...new Map(all.map(({ name, fingerprint }) => [fingerprint, { name, fingerprint }])).values()]
}

function ignoredPeople({ preferences: { ignored } }: State): readonly Person[] {
  return Object.entries(ignored).map(([fingerprint, name]) => ({ name, fingerprint }))
}

function ignoredLines(state: State): readonly string[] {
  const people = ignoredPeople(state)
  if (people.length === 0)
    return [
      '',
      " You aren't ignoring anyone.",
      '',
      ' /ignore NAME hides the messages, reactions and requests of someone.',
    ]
  const width = Math.max(...people.map(({ name }) => name.length))
  return [
    '',
    ...people.map(({ name, fingerprint }) => ` ${name.padEnd(width)}  ${fingerprint}`),
    '',
    ' /unignore NAME shows them again.',
  ]
}
