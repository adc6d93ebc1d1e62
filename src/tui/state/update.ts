/**
 * The reducer of the screen: `(state, event) → state and effects`. Pure, so that everything a key or a message can do
 * is tested without a terminal, a store or a clock.
 */
import type { Click, Input } from '../input/key.ts'
import { alarmInput, compared, rekeyed, unconfirmed, withAlarm } from './trust.ts'
import { withNews } from './attention.ts'
import { cameInView } from './unseen.ts'
import { clicked } from './click.ts'
import { withLineBegun } from './answer-knock.ts'
import { chatEvent, roomOpened } from './chat-events.ts'
import { chatInput, interrupted } from './chat-input.ts'
import { confirmInput, sheetInput } from './overlay.ts'
import { ask, info, isQuitting, next, problem } from './next.ts'
import { editedOutside } from './drafts.ts'
import type { Event } from './event.ts'
import { jumpInput } from './jump.ts'
import { retoldFor, withIgnored, withoutIgnored } from './ignored.ts'
import { keyHint } from './key-table.ts'
import { loginEvent, loginInput } from './login.ts'
import { openRoom, toRooms } from './navigation.ts'
import { withPlaces } from './place-commands.ts'
import { requestsInput, withRequests } from './requests.ts'
import { counted, isAhead, keepTyped, withUnsent } from './question.ts'
import { roomRows } from './room-list.ts'
import { roomsInput } from './rooms-input.ts'
import { found, searchPanelInput } from './search.ts'
import type { ChatPage, Next, State } from './state.ts'

export function update(state: State, event: Event): Next {
  let done = step(state, event)
  // Typed ahead of a room whose line holds a draft: they are not sent together before anyone has seen that.
  const isUnseen = event.kind === 'opened' && hasUnseenDraft(state, done.state)
  if (isUnseen) done = { ...done, state: { ...done.state, brokenLine: true } }
  // Keys typed ahead: where the operation failed, they were meant for a screen that never came.
  while (done.state.busy === undefined && done.state.held.length > 0) {
    const [first, ...held] = done.state.held
    if (first === undefined) break
    const { state: before, effects } = { ...done, state: { ...done.state, held } }
    const isKept = event.kind === 'failed' || (isUnseen && isForLine(first))
    const after = isKept ? kept(before, first) : step(before, first)
    done = { state: after.state, effects: [...effects, ...after.effects] }
  }
  return isUnseen ? { ...done, state: { ...done.state, brokenLine: false } } : done
}

function kept(state: State, input: Input | Click): Next {
  return input.kind === 'click' ? next(state) : settled(state, keepTyped(state, input))
}

/** One that came from the home, or that more was typed to. */
function hasUnseenDraft({ drafts }: State, { page, held }: State): boolean {
  if (page.kind !== 'chat' || page.editor.text === '') return false
  return (
    drafts.get(page.room.id)?.editor !== page.editor || held.some(({ kind }) => kind === 'text' || kind === 'paste')
  )
}

function isForLine(input: Input | Click): boolean {
  return input.kind === 'text' || input.kind === 'paste' || (input.kind === 'key' && input.name === 'enter')
}

function step(state: State, event: Event): Next {
  const done = retoldFor(state, withPlaces(updated(state, withoutIgnored(state, event)), state))
  return settled(state, cameInView(state, { ...done, state: withLineBegun(state, withRequests(state, done.state)) }))
}

function settled(before: State, done: Next): Next {
  return { ...done, state: counted(before, withAlarm(withIgnored(done.state))) }
}

function updated(state: State, event: Event): Next {
  switch (event.kind) {
    case 'key':
    case 'text':
    case 'paste':
      // Who types is there, whatever the terminal has said.
      return input(state.focused === false ? { ...state, focused: true } : state, event)
    case 'click':
      return clicked(state.focused === false ? { ...state, focused: true } : state, event)
    case 'wheel':
      return input(state, event)
    case 'drawn':
      return next({ ...state, drawn: event.asked, brokenLine: false })
    case 'resize':
      return next({ ...state, size: event.size })
    case 'tick':
      return next(state.busy === undefined ? state : { ...state, busy: { ...state.busy, frame: state.busy.frame + 1 } })
    case 'look-around':
      // Other people's new rooms are not announced; the list shows them.
      return next(
        state,
        { do: 'read-settings' },
        ...(state.page.kind === 'rooms' ? [{ do: 'refresh-rooms' } as const] : []),
      )
    case 'focus':
      return next({ ...state, focused: event.focused }, ...(event.focused ? [{ do: 'read-settings' } as const] : []))
    case 'notify':
      return next({ ...state, notify: event.settings })
    case 'preferences':
      return next({ ...state, preferences: event.preferences })
    case 'places':
      return next({ ...state, places: event.places })
    case 'chat': {
      const { connection, recoveries, rooms, settled } = event
      return withNews(state, withRooms({ ...state, connection, recoveries }, rooms), settled)
    }
    case 'opened':
      return roomOpened(state, event)
    case 'waiting': {
      const { roomId, roomName } = event
      const left = state.page.kind === 'chat' ? [{ do: 'close-room' } as const] : []
      return next({ ...state, busy: undefined, page: { kind: 'waiting', roomId, roomName } }, ...left)
    }
    case 'admitted':
      return admitted(state, event)
    case 'refused': {
      const after = state.page.kind === 'waiting' && state.page.roomId === event.roomId ? toRooms(state) : next(state)
      return { ...after, state: problem(after.state, `${event.text}.`) }
    }
    case 'withdrawn': {
      const after = state.page.kind === 'waiting' ? toRooms(state).state : state
      return next(info({ ...after, busy: undefined }, `Request to join ${event.roomName} withdrawn.`), {
        do: 'refresh-rooms',
      })
    }
    case 'left': {
      const after = toRooms({ ...state, busy: undefined })
      const { page } = after.state
      const gone: State = page.kind === 'rooms' ? { ...after.state, page: { ...page, from: undefined } } : after.state
      return { ...after, state: info(gone, `You left ${event.roomName}.`) }
    }
    case 'done':
      return next(event.text === '' ? { ...state, busy: undefined } : info({ ...state, busy: undefined }, event.text))
    case 'copied':
      return next(
        event.isTold
          ? info(state, `Copied the ${event.what}.`, 'Not there? Your terminal has to allow it (OSC 52).')
          : problem(state, "This terminal can't copy.", 'Select the text with Shift and the mouse.'),
      )
    case 'edited-outside':
      return editedOutside(state, event)
    case 'advice':
      return next(problem(state, event.text, event.hint))
    case 'found':
      return found(state, event)
    default:
      break
  }
  const { page } = state
  if (page.kind === 'login') return loginEvent(state, page, event)
  if (event.kind === 'compared') return next(compared({ ...state, busy: undefined }, event.with))
  if (event.kind === 'unconfirmed') return next(unconfirmed({ ...state, busy: undefined }, event))
  if (event.kind === 'rekeyed') return next(rekeyed({ ...state, busy: undefined }, event))
  if (event.kind === 'failed') {
    const typed = withUnsent({ ...state, busy: undefined, goal: undefined }, event)
    return next(problem(typed, event.text, event.hint))
  }
  return page.kind === 'chat' ? chatEvent(state, page, event) : next(state)
}

function input(state: State, event: Input): Next {
  if (event.kind === 'key' && event.ctrl && event.name === 'l') return next(state, { do: 'redraw' })
  if (event.kind === 'key' && event.ctrl && event.name === 'z') return next(state, { do: 'suspend' })
  if (isAhead(state, event)) return keepTyped(state, event)
  if (state.alarm !== undefined && !isQuitting(state.confirm)) return alarmInput(state, state.alarm, event)
  if (state.confirm !== undefined) return confirmInput(state, state.confirm, event)
  if (state.busy !== undefined) return whileBusy(state, event)
  const done = state.sheet && sheetInput(state, state.sheet, event)
  if (done !== undefined) return done
  const after: State = keepsFlash(state, event) ? state : { ...state, flash: undefined }
  if (isKey(event) && event.ctrl && event.name === 'c') return interrupted(after)
  const { page } = after
  switch (page.kind) {
    case 'login':
      return loginInput(after, page, event)
    case 'rooms':
      return roomsInput(after, page, event)
    case 'chat':
      return inRoom(state, after, page, event)
    case 'waiting':
      if (isKey(event) && event.name === 'escape') return toRooms(after)
      if (event.kind === 'text' && event.text.toLowerCase() === 'w') {
        const question = `Withdraw your request to join ${page.roomName}?`
        return next(ask(after, question, 'withdrawing your request…', { do: 'withdraw', roomId: page.roomId }))
      }
      return next(after)
  }
}

function inRoom(before: State, state: State, open: ChatPage, event: Input): Next {
  const covered = panelInput(state, open, event)
  if (covered !== undefined) return covered
  // Typing brings the messages back.
  const page: ChatPage = open.panel === undefined ? open : { ...open, panel: undefined }
  const shown = state.sheet === undefined && page === open ? state : { ...state, sheet: undefined, page }
  const done = chatInput(shown, page, event)
  // With nothing left to close, Escape stays in the room.
  if (!isKey(event) || event.name !== 'escape' || done.state !== shown || before.flash !== undefined) return done
  return next(
    info(state, [keyHint(state.preferences, 'find-room', 'rooms'), 'Ctrl-C: quit'].filter(Boolean).join(' · ')),
  )
}

function isKey(event: Input): event is Input & { kind: 'key' } {
  return event.kind === 'key'
}

/** Undefined: there is none, or the key is for what it covers. */
function panelInput(state: State, page: ChatPage, event: Input): Next | undefined {
  if (page.panel === undefined) return undefined
  const { panel } = page
  // Beside it, or under it.
  const isElsewhere = event.kind === 'wheel' && event.on !== undefined && event.on.kind !== 'row'
  if (isElsewhere) return chatInput(state, page, event)
  switch (panel.kind) {
    case 'jump':
      return jumpInput(state, page, panel, event)
    case 'search':
      return searchPanelInput(state, page, panel, event)
    case 'requests':
      return requestsInput(state, page, panel, event)
  }
}

/** An answer that arrives while typing stays until the next action; on login any letter dismisses it. */
function keepsFlash(state: State, event: Input): boolean {
  if (state.page.kind === 'login') return false
  return event.kind !== 'key' || !['enter', 'escape', 'tab', 'c', 'up', 'down'].includes(event.name)
}

/** Keys held back while something takes a moment. */
const heldMax = 1000

/** Long operations can be cancelled, which also discards the keys typed ahead; other keys wait their turn. */
function whileBusy(state: State, event: Input): Next {
  if (isKey(event) && event.ctrl && event.name === 'c')
    return interrupted({ ...state, busy: undefined, held: [], goal: undefined })
  if (isKey(event) && event.name === 'escape') {
    if (state.page.kind === 'login') return next({ ...state, held: [] })
    return next({ ...state, busy: undefined, held: [], goal: undefined }, { do: 'cancel' })
  }
  // They would act on a row that was not selected yet.
  if (state.page.kind === 'chat' && state.page.panel?.kind === 'requests') return next(state)
  return next(state.held.length < heldMax ? { ...state, held: [...state.held, event] } : state)
}

/** Goes straight in from the waiting page; elsewhere shows a notice. */
function admitted(state: State, event: Event & { kind: 'admitted' }): Next {
  const { page } = state
  const room = state.rooms.find((other) => other.id === event.roomId)
  if (page.kind === 'waiting' && page.roomId === event.roomId) {
    if (room !== undefined) return openRoom(state, { ...room, standing: 'member' })
    return next(
      { ...state, busy: { label: `opening ${event.roomName}…`, frame: 0 } },
      { do: 'open', room: event.roomId },
    )
  }
  return next(info(state, `You were let into ${event.roomName}.`, `/join ${event.roomName} to open it.`), {
    do: 'refresh-rooms',
  })
}

/** A new list of rooms; the selection stays. */
function withRooms(state: State, rooms: State['rooms']): State {
  const { page } = state
  if (page.kind !== 'rooms') return { ...state, rooms }
  const before = roomRows(state.rooms, page.editor.text)[page.selected]?.room?.id
  const after = roomRows(rooms, page.editor.text)
  const at = page.selected === 0 ? -1 : after.findIndex((row) => row.room?.id === before)
  const selected = at < 0 ? Math.max(0, Math.min(page.selected, after.length - 1)) : at
  return { ...state, rooms, page: { ...page, selected } }
}
