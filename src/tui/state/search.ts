/**
 * `/search`: messages by their words, in the open room or in all, in a panel over the conversation; Enter goes to one.
 * What was found stays, and `/search` alone shows it again. Pure.
 */
import type { Input } from '../input/key.ts'
import type { Handlers, TypedInRoom } from './commands.ts'
import { needsMore } from './commands.ts'
import { enterRoom } from './navigation.ts'
import type { Event } from './event.ts'
import { info, next, problem } from './next.ts'
import type { ChatPage, Hit, Next, SearchPanel, State } from './state.ts'
import { parseWhen } from '../text/when.ts'
import { visit, withTrail } from './visit.ts'

/** Kept of all that is found. */
const hitsMax = 1000

export const searchCommands: Handlers<TypedInRoom> = {
  search: (typed) => {
    const { state, page, argument } = typed
    const everywhere = /^-(?:a|all)(?:\s|$)/.test(argument)
    const words = argument
      .split(/\s+/)
      .slice(everywhere ? 1 : 0)
      .filter((word) => word !== '')
    if (words.length === 0) return everywhere ? needsMore(typed) : searchedAgain(state, page)
    const search = (state.searched?.search ?? 0) + 1
    const looking = everywhere ? 'your rooms' : page.room.name
    const panel: SearchPanel = {
      kind: 'search',
      search,
      words,
      everywhere,
      hits: [],
      selected: 0,
      more: false,
      looking,
    }
    const shown: State = { ...state, searched: panel, page: { ...page, panel } }
    return next(shown, { do: 'search', search, words, everywhere })
  },

  jump: (typed) => {
    const { state, page, argument } = typed
    if (argument === '') return needsMore(typed)
    const number = /^#([1-9][0-9]{0,14})$/.exec(argument)?.[1]
    if (number !== undefined) {
      const seq = Number(number)
      if (seq > page.room.seq) return next(problem(state, `The newest message here is #${page.room.seq}.`))
      return visit(state, page, { at: 'seq', seq })
    }
    const time = parseWhen(argument, state.now)
    if (time === undefined) {
      return next(
        problem(state, `"${argument}" isn't a date.`, 'For example: 2026-11-30, 11-30 14:00, yesterday, 7d, #120.'),
      )
    }
    return visit(state, page, { at: 'time', time })
  },
}

function searchedAgain(state: State, page: ChatPage): Next {
  const { searched } = state
  if (searched === undefined) return next(problem(state, 'Search for what? Usage: /search [-all] WORDS'))
  return next({ ...state, page: { ...page, panel: searched } })
}

/** Whatever page is shown: the search goes on while other rooms are read. */
export function found(state: State, event: Event & { kind: 'found' }): Next {
  const { searched, page } = state
  if (searched?.search !== event.search) return next(state)
  const hits = [...searched.hits, ...event.hits]
  const more = searched.more || event.more || hits.length > hitsMax
  const all: SearchPanel = { ...searched, hits: hits.slice(0, hitsMax), more, looking: event.looking }
  if (page.kind !== 'chat' || page.panel?.kind !== 'search') return next({ ...state, searched: all })
  return next({ ...state, searched: all, page: { ...page, panel: all } })
}

/** Undefined: a key for the conversation, which takes the place of the panel. */
export function searchPanelInput(state: State, page: ChatPage, panel: SearchPanel, input: Input): Next | undefined {
  const moved = (steps: number): Next => {
    const selected = Math.max(0, Math.min(panel.selected + steps, panel.hits.length - 1))
    const after = { ...panel, selected }
    return next({ ...state, searched: after, page: { ...page, panel: after } })
  }
  if (input.kind === 'wheel') return moved(input.up ? -1 : 1)
  if (input.kind === 'paste') return undefined
  if (input.kind === 'text') {
    if (!/^[jk]+$/.test(input.text)) return undefined
    return moved([...input.text].reduce((sum, key) => sum + (key === 'j' ? 1 : -1), 0))
  }
  if (input.ctrl || input.alt) return undefined
  switch (input.name) {
    case 'up':
      return moved(-1)
    case 'down':
      return moved(1)
    case 'page-up':
      return moved(-10)
    case 'page-down':
      return moved(10)
    case 'home':
      return moved(-panel.hits.length)
    case 'end':
      return moved(panel.hits.length)
    case 'escape': {
      const closed: State = { ...state, page: { ...page, panel: undefined } }
      if (panel.looking === undefined) return next(closed)
      return next({ ...closed, searched: { ...panel, looking: undefined, more: true } }, { do: 'stop-search' })
    }
    case 'enter':
      return toHit(state, page, panel.hits[panel.selected])
    default:
      return undefined
  }
}

/** The hit again, wherever it stands by then. */
export function hitKey({ roomId, id }: Hit): string {
  return `${roomId} ${id}`
}

export function toHit(state: State, page: ChatPage, hit: Hit | undefined): Next {
  if (hit === undefined) return next(info(state, 'Nothing found yet.'))
  const there: ChatPage = { ...page, panel: undefined }
  const place = { at: 'message', i: hit.i, id: hit.id } as const
  if (hit.roomId === page.room.id) return visit({ ...state, page: there }, there, place)
  const room = state.rooms.find(({ id }) => id === hit.roomId)
  if (room === undefined) return next(problem(state, 'That room is gone.'))
  const leaving = withTrail(state, page)
  return enterRoom({ ...leaving, page: there, goal: { roomId: room.id, place } }, room)
}
