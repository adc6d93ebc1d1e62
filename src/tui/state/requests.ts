/**
 * The panel of `/requests`: who asks to join, answered by single keys. A key acts on the person whom the screen shows as
 * selected: the selection stays with them, and where they are gone it takes no key before the next one was drawn. Pure.
 */
import type { Knock, RoomSummary } from '../../chat/chat.ts'
import type { Input } from '../input/key.ts'
import { answerKnock } from './answer-knock.ts'
import { openRoom, toNewest } from './navigation.ts'
import { ask, info, next, problem } from './next.ts'
import type { ChatPage, Next, RequestsPanel, State } from './state.ts'

export type RequestRow =
  | { readonly key: string; readonly knock: Knock }
  /** Requests in another room, which is where they are answered. */
  | { readonly key: string; readonly room: RoomSummary; readonly count: number }

export function requestKey({ fingerprint, at }: Knock): string {
  return `${fingerprint} ${at}`
}

/** Those of the open room, oldest first, then the other rooms that have some. */
export function requestRows({ rooms }: State, { room }: ChatPage): readonly RequestRow[] {
  const here = room.knocks.map((knock) => ({ key: requestKey(knock), knock }))
  const elsewhere = rooms.flatMap((other): readonly RequestRow[] => {
    const requests = other.attention.find(({ kind }) => kind === 'request')
    return requests === undefined || other.id === room.id ? [] : [{ key: other.id, room: other, count: requests.count }]
  })
  return [...here, ...elsewhere]
}

/** @param key of the request that is selected; without it, or if it was answered, the first */
export function openRequests(state: State, page: ChatPage, key?: string): Next {
  const rows = requestRows(state, page)
  const first = rows.find((row) => row.key === key) ?? rows[0]
  if (first === undefined) return next(info(state, `Nobody is asking to join ${page.room.name}.`))
  return next({ ...state, page: { ...page, panel: { kind: 'requests', selected: first.key, shown: {} } } })
}

/** The panel after an event. If the selected request has been answered elsewhere, the one in its place is selected. */
export function withRequests(before: State, after: State): State {
  const { page } = after
  if (page.kind !== 'chat' || page.panel?.kind !== 'requests' || before.page.kind !== 'chat') return after
  const rows = requestRows(after, page)
  const { selected } = page.panel
  if (rows.some(({ key }) => key === selected)) return after
  const was = requestRows(before, before.page).findIndex(({ key }) => key === selected)
  const row = rows[Math.min(was, rows.length - 1)] ?? rows[0]
  const panel: RequestsPanel | undefined = row && { kind: 'requests', selected: row.key, shown: {} }
  return { ...after, page: { ...page, panel } }
}

/** Undefined: a key for the conversation, which takes the place of the panel. */
export function requestsInput(state: State, page: ChatPage, panel: RequestsPanel, input: Input): Next | undefined {
  const rows = requestRows(state, page)
  const at = rows.findIndex(({ key }) => key === panel.selected)
  const moved = (steps: number): Next => {
    const selected = rows[Math.max(0, Math.min(at + steps, rows.length - 1))]?.key ?? panel.selected
    return next({ ...state, page: { ...page, panel: { ...panel, selected } } })
  }
  if (input.kind === 'wheel') return moved(input.up ? -1 : 1)
  if (input.kind === 'paste') return undefined
  if (input.kind === 'text') {
    if (/^[jk]+$/.test(input.text)) return moved([...input.text].reduce((sum, key) => sum + (key === 'j' ? 1 : -1), 0))
    return acted(state, page, rows[at], input.text)
  }
  const { name, ctrl, alt } = input
  if (alt) return undefined
  switch (ctrl ? `ctrl-${name}` : name) {
    case 'up':
    case 'ctrl-p':
      return moved(-1)
    case 'down':
    case 'ctrl-n':
      return moved(1)
    case 'page-up':
      return moved(-pageRows)
    case 'page-down':
      return moved(pageRows)
    case 'home':
      return moved(-rows.length)
    case 'end':
      return moved(rows.length)
    case 'escape':
      return next({ ...state, page: { ...page, panel: undefined } })
    case 'enter':
      return enterRequest(state, rows[at])
    default:
      return undefined
  }
}

const pageRows = 10

export function enterRequest(state: State, row: RequestRow | undefined): Next {
  if (row !== undefined && 'room' in row) return openRoom(toNewest(state, row.room.id), row.room)
  return next(info(state, 'a: accept · d: decline'))
}

function acted(state: State, page: ChatPage, row: RequestRow | undefined, letter: string): Next | undefined {
  if (letter === 'D') return declineAll(state, page)
  if (letter !== 'a' && letter !== 'd') return undefined
  if (row === undefined || 'room' in row) {
    return next(problem(state, 'Open that room to answer its requests.', 'Enter opens it.'))
  }
  const { name, fingerprint } = row.knock
  return answerKnock(state, letter === 'a' ? 'accept' : 'reject', name, fingerprint)
}

/** Those on the list now, and none that comes while the question is read. */
function declineAll(state: State, { room }: ChatPage): Next {
  const people = room.knocks.map(({ name, fingerprint }) => ({ name, fingerprint }))
  const [first] = people
  if (first === undefined) return next(info(state, `Nobody is asking to join ${room.name}.`))
  const what = people.length === 1 ? `${first.name}'s request` : `all ${people.length} requests`
  const question = `Decline ${what} to join ${room.name}?`
  return next(ask(state, question, 'declining…', { do: 'reject-all', people }))
}
