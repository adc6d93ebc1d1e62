/** The chat page, key by key. Pure. */
import { cleared, editWith, editorWith, emptyEditor, insert, lineDown, lineUp } from '../input/editor.ts'
import { newer, older } from '../input/history.ts'
import type { Input, Key } from '../input/key.ts'
import { membersFromColumns } from '../view/chat-layout.ts'
import { enterBare, leaveBare } from './bare-mode.ts'
import { cancelAbout } from './say.ts'
import { chordOf } from '../../chat/chord.ts'
import { complete } from './completion.ts'
import { nextAttention } from './attention.ts'
import { searchInput, startSearch, taken } from './history-search.ts'
import { openJump } from './jump.ts'
import { boundTo, editOutsideChord, isAction, roomOfAction, type KeyAction } from './key-table.ts'
import { neighbourRoom, roomNumber } from './navigation.ts'
import { pickInput, startPick } from './pick.ts'
import { scrollBy, scrollPage, toEnd, unpick, wheeled } from './scrolling.ts'
import { askToQuit, next } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'
import { submitLine } from './submit.ts'
import { goBack, toBeginning, toFirstUnread } from './visit.ts'

export function chatInput(state: State, page: ChatPage, input: Input): Next {
  if (input.kind === 'wheel') return wheeled(state, page, input)
  if (page.bare !== undefined) return bareInput(state, page, input)
  if (page.chord === true) {
    const plain: ChatPage = { ...page, chord: undefined }
    const after: State = { ...state, page: plain }
    if (input.kind !== 'key' || !input.ctrl || input.name !== 'e') return chatInput(after, plain, input)
    return bound(after, plain, editOutsideChord) ?? next(after)
  }
  if (page.search !== undefined) {
    return searchInput(state, page, page.search, input) ?? chatInput(state, taken(page), input)
  }
  if (input.kind === 'key' && input.name === 'tab' && !input.alt) {
    const completed = complete(state, page, input.shift ? -1 : 1)
    return next(completed === undefined ? state : { ...state, page: completed })
  }
  // Escape removes a completion from the screen; any other key continues from it.
  if (input.kind === 'key' && input.name === 'escape' && page.completion !== undefined) {
    return next({ ...state, page: { ...page, completion: undefined } })
  }
  if (page.pick?.keys === true) {
    const picked = pickInput(state, page, input)
    if (picked !== undefined) return typedOn(picked.done, picked.rest, input)
  }
  const plain: ChatPage = page.completion === undefined ? page : { ...page, completion: undefined }
  const after: State = plain === page ? state : { ...state, page: plain }
  if (input.kind === 'key') {
    const done = keyed(after, plain, input)
    if (done !== undefined) return done
  }
  const editor = editWith(plain.editor, input)
  return next(editor === undefined ? after : { ...after, page: { ...plain, editor } })
}

const scrolls: readonly KeyAction[] = ['page-up', 'page-down', 'line-up', 'line-down', 'beginning', 'newest']

/** In bare mode: scrolls, or goes back first. Text typed there goes into the line, and nothing unseen is sent. */
function bareInput(state: State, page: ChatPage, input: Input): Next {
  const left = leaveBare(state, page)
  if (input.kind === 'key') {
    const does = boundTo(state.preferences, chordOf(input))
    const scrolling = scrolls.find((action) => action === does)
    if (scrolling !== undefined) return actions[scrolling](state, page)
    const { name, ctrl, alt, shift } = input
    const isPlain = !ctrl && !alt && !shift
    if (isPlain && (name === 'up' || name === 'down')) return scrollBy(state, page, name === 'up' ? -1 : 1)
    if (does === 'bare-mode' || ['escape', 'enter', 'tab'].includes(name)) return left
  }
  if (left.state.page.kind !== 'chat') return left
  const done = chatInput(left.state, left.state.page, input)
  return { state: done.state, effects: [...left.effects, ...done.effects] }
}

/** Text typed after a letter that acted on a message: for the line, or the next action. */
function typedOn(done: Next, rest: string, input: Input): Next {
  const { page, confirm } = done.state
  if (rest === '' || input.kind === 'key' || input.kind === 'wheel') return done
  // A question is answered by what is typed after it was read.
  if (page.kind !== 'chat' || confirm !== undefined) return done
  const after = chatInput(done.state, page, { kind: input.kind, text: rest })
  return { state: after.state, effects: [...done.effects, ...after.effects] }
}

function keyed(state: State, page: ChatPage, pressed: Key): Next | undefined {
  const { name, ctrl, alt, shift } = pressed
  const exact = bound(state, page, chordOf(pressed))
  const done =
    exact ?? (shift && name.length > 1 ? bound(state, page, chordOf({ ...pressed, shift: false })) : undefined)
  if (done !== undefined) return done
  if (ctrl && name === 'x') return next({ ...state, page: { ...page, chord: true } })
  if (ctrl && name === 'd') return page.editor.text === '' ? askToQuit(state) : undefined
  if (ctrl || alt) return undefined
  switch (name) {
    case 'enter':
      return shift ? undefined : submitLine(state, page.editor.text)
    case 'escape':
      if (page.pick !== undefined) return unpick(state, page)
      return page.about === undefined ? next(state) : cancelAbout(state, page)
    case 'up': {
      const moved = lineUp(page.editor)
      if (moved !== undefined) return next({ ...state, page: { ...page, editor: moved } })
      return walked(state, page, older(page.history, page.editor.text))
    }
    case 'down': {
      const moved = lineDown(page.editor)
      if (moved !== undefined) return next({ ...state, page: { ...page, editor: moved } })
      return walked(state, page, newer(page.history))
    }
    default:
      return undefined
  }
}

function walked(state: State, page: ChatPage, step: ReturnType<typeof older>): Next {
  if (step === undefined) return next(state)
  return next({ ...state, page: { ...page, history: step.history, editor: editorWith(step.text, page.editor) } })
}

const actions: Readonly<Record<KeyAction, (state: State, page: ChatPage) => Next>> = {
  'new-line': (state, page) => next({ ...state, page: { ...page, editor: insert(page.editor, '\n') } }),
  'search-history': startSearch,
  'edit-outside': (state, page) => next(state, { do: 'edit-outside', roomId: page.room.id, text: page.editor.text }),
  select: startPick,
  'toggle-selection': (state, page) => (page.pick === undefined ? startPick(state, page) : unpick(state, page)),
  'page-up': (state, page) => scrollPage(state, page, -1),
  'page-down': (state, page) => scrollPage(state, page, 1),
  'line-up': (state, page) => scrollBy(state, page, -1),
  'line-down': (state, page) => scrollBy(state, page, 1),
  beginning: toBeginning,
  newest: toEnd,
  back: goBack,
  'first-unread': toFirstUnread,
  'next-attention': nextAttention,
  'find-room': openJump,
  'previous-room': (state) => neighbourRoom(state, -1),
  'next-room': (state) => neighbourRoom(state, 1),
  'bare-mode': enterBare,
  'toggle-members': (state) => {
    return next({ ...state, showMembers: !(state.showMembers ?? state.size.columns >= membersFromColumns) })
  },
  nothing: (state) => next(state),
}

/** Undefined: the chord has no action of its own. */
function bound(state: State, page: ChatPage, chord: string): Next | undefined {
  const does = boundTo(state.preferences, chord)
  if (does === undefined) return undefined
  const room = roomOfAction(does)
  if (room !== undefined) return roomNumber(state, room)
  return isAction(does) ? actions[does](state, page) : enterLine(state, page, does)
}

/** As if it had been typed, with Enter. What is being typed stays, and the line is not kept among those that were. */
function enterLine(state: State, page: ChatPage, line: string): Next {
  const draft = page.editor
  const done = submitLine({ ...state, page: { ...page, editor: emptyEditor } }, line, '')
  const { page: after, drafts } = done.state
  const { id } = page.room
  const left = drafts.get(id)
  const isLeft = left !== state.drafts.get(id) && left?.editor.text === ''
  const kept: State = isLeft
    ? { ...done.state, drafts: new Map(drafts).set(id, { ...left, editor: draft }) }
    : done.state
  const isHere = after.kind === 'chat' && after.room.id === id && after.editor.text === ''
  return { ...done, state: isHere ? { ...kept, page: { ...after, editor: draft } } : kept }
}

/** Ctrl-C: clears the line; if it is empty, asks whether to quit. */
export function interrupted(state: State): Next {
  const { page } = state
  if (page.kind === 'chat' && page.bare !== undefined) return leaveBare(state, page)
  if (page.kind === 'chat' && page.search !== undefined) return next({ ...state, page: { ...page, search: undefined } })
  if (page.kind === 'chat' && page.panel !== undefined) return next({ ...state, page: { ...page, panel: undefined } })
  if (page.kind === 'chat' && page.pick !== undefined) return unpick(state, page)
  if (page.kind === 'chat' && page.about !== undefined) return cancelAbout(state, page)
  if (page.kind === 'chat' && page.editor.text !== '') {
    return next({
      ...state,
      page: {
        ...page,
        editor: cleared(page.editor),
        // The next Up begins with the newest line again.
        history: { ...page.history, at: undefined, draft: '' },
        completion: undefined,
      },
    })
  }
  if (page.kind === 'rooms' && page.editor.text !== '') {
    return next({ ...state, page: { ...page, editor: emptyEditor, selected: 0 } })
  }
  return askToQuit(state)
}
