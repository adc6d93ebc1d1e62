/**
 * Clicks of the mouse, by what they hit. A click selects, or goes somewhere; it answers no question and accepts nobody.
 * What the person may not have seen before they pressed the button is selected at most. Pure.
 */
import { key, type Click } from '../input/key.ts'
import type { Clickable } from '../text/clickable.ts'
import { pointAt } from './attention.ts'
import { foldPage } from './fold.ts'
import { taken } from './history-search.ts'
import { enterJump, jumpRows } from './jump.ts'
import { loginInput, whoRows } from './login.ts'
import { openRoom, toNewest } from './navigation.ts'
import { info, next } from './next.ts'
import { listMembers, whoIs } from './people-commands.ts'
import { pickEntry } from './pick.ts'
import { enterRequest, openRequests, requestKey, requestRows } from './requests.ts'
import { roomRows, rowKey } from './room-list.ts'
import { enterRow } from './rooms-input.ts'
import { toEnd } from './scrolling.ts'
import { hitKey, toHit } from './search.ts'
import type { ChatPage, LoginPage, Next, RoomsPage, State } from './state.ts'
import type { RoomSummary } from '../../chat/chat.ts'

export function clicked(before: State, click: Click): Next {
  if (!before.preferences.mouse || before.alarm !== undefined || before.confirm !== undefined) return next(before)
  const { on } = click
  // As keys do that lead to another room, it waits its turn; what else was on the screen may be gone by then.
  if (before.busy !== undefined) return next(on.kind === 'room' ? { ...before, held: [...before.held, click] } : before)
  const state: State = { ...before, flash: undefined }
  const { page } = state
  if (on.kind === 'link') return next(state, { do: 'copy', what: 'link', text: on.url })
  if (page.kind === 'login') return on.kind === 'row' ? inLogin(state, page, on.key) : next(state)
  if (page.kind === 'rooms') return on.kind === 'row' ? inRooms(state, page, on.key, click.isSeen) : next(state)
  return page.kind === 'chat' ? inChat(state, page, click) : next(state)
}

function inLogin(state: State, page: LoginPage, wanted: string): Next {
  const { step } = page
  if (step.at !== 'who' && step.at !== 'unknown') return next(state)
  const names =
    step.at === 'unknown' ? ['sign-up', 'log-in'] : whoRows(page.known, step.editor.text).map(({ name }) => name)
  const selected = names.indexOf(wanted)
  if (selected < 0) return next(state)
  if (selected === step.selected) return loginInput(state, page, key('enter'))
  return next({ ...state, page: { ...page, step: { ...step, selected } } })
}

function inRooms(state: State, page: RoomsPage, wanted: string, isSeen: boolean): Next {
  const rows = roomRows(state.rooms, page.editor.text)
  const selected = rows.findIndex((one) => rowKey(one) === wanted)
  const row = rows[selected]
  if (row === undefined) return next(state)
  if (selected !== page.selected) return next({ ...state, page: { ...page, selected } })
  return isSeen || isReadable(row.room) ? enterRow(state, row) : next(state)
}

/** Going there tells no one anything. */
function isReadable(room: RoomSummary | undefined): boolean {
  return room !== undefined && ['member', 'left', 'kicked'].includes(room.standing)
}

function inChat(state: State, page: ChatPage, click: Click): Next {
  const { on } = click
  switch (on.kind) {
    case 'row':
      return inPanel(state, page, on, click.isSeen)
    case 'member':
      return whoIs(state, page, `${on.name} ${on.fingerprint}`)
    case 'members':
      return listMembers(state, page)
    case 'newest':
      return toEnd(state, page)
    case 'entry':
      return onEntry(state, page, on.key)
    case 'room':
    case 'invitation':
    case 'requests': {
      const room = state.rooms.find(({ id }) => id === on.roomId)
      if (room === undefined) return next(state)
      if (on.kind === 'invitation') return pointAt(state, room)
      if (on.kind === 'room') return openRoom(room.attention.length > 0 ? toNewest(state, room.id) : state, room)
      if (room.id === page.room.id) return openRequests(withoutSheet(state), page)
      const opening = openRoom(state, room)
      // Once more as soon as the room is open.
      return { ...opening, state: { ...opening.state, held: [click] } }
    }
    case 'link':
      return next(state)
  }
}

/** Messages are selected; a request is shown in the list of requests, where a key answers it. */
function onEntry(state: State, page: ChatPage, wanted: string): Next {
  const entry = page.timeline.entries.find((one) => one.key === wanted)
  if (entry === undefined || state.sheet !== undefined || isCovering(page)) return next(state)
  const { item } = entry
  const plain: ChatPage = { ...taken(page), panel: undefined, chord: undefined }
  if (item.kind === 'message') return pickEntry({ ...state, page: plain }, plain, wanted)
  if (item.kind !== 'admin' || item.event !== 'knock') return next(state)
  const [first] = foldPage(page).requests.get(wanted)?.waiting ?? []
  const { fingerprint } = first ?? item.target ?? item.by
  const knock = page.room.knocks.find((one) => one.fingerprint === fingerprint)
  if (knock === undefined) return next(info(state, 'That request has been answered.'))
  return openRequests(state, plain, requestKey(knock))
}

/** The list of rooms leaves some of the conversation in view. */
function isCovering({ panel }: ChatPage): boolean {
  return panel !== undefined && panel.kind !== 'jump'
}

function inPanel(state: State, page: ChatPage, on: Clickable & { kind: 'row' }, isSeen: boolean): Next {
  const { panel } = page
  if (panel === undefined || panel.kind !== on.list || state.sheet !== undefined) return next(state)
  switch (panel.kind) {
    case 'jump': {
      const rows = jumpRows(state, page, panel.editor.text)
      const selected = rows.findIndex(({ room }) => room.id === on.key)
      const row = rows[selected]
      if (row === undefined) return next(state)
      const isEntered = isReadable(row.room) || (isSeen && selected === panel.selected)
      return isEntered
        ? enterJump(state, page, row)
        : next({ ...state, page: { ...page, panel: { ...panel, selected } } })
    }
    case 'search': {
      const selected = panel.hits.findIndex((hit) => hitKey(hit) === on.key)
      const hit = panel.hits[selected]
      return hit === undefined ? next(state) : toHit({ ...state, searched: { ...panel, selected } }, page, hit)
    }
    case 'requests': {
      const row = requestRows(state, page).find((one) => one.key === on.key)
      if (row === undefined) return next(state)
      if ('room' in row) return enterRequest(state, row)
      if (row.key === panel.selected) return next(state)
      // Keys answer it once it was drawn as selected.
      return next({ ...state, page: { ...page, panel: { ...panel, selected: row.key, shown: {} } } })
    }
  }
}

function withoutSheet(state: State): State {
  return { ...state, sheet: undefined }
}
