/** The chat page, key by key. Pure. */
import { cleared, editWith, editorWith, emptyEditor, insert, lineDown, lineUp } from '../input/editor.ts'
import { newer, older } from '../input/history.ts'
import type { Input, Key } from '../input/key.ts'
import { membersFromColumns } from '../view/chat-layout.ts'
import { cancelAbout } from './say.ts'
import { complete } from './completion.ts'
import { nextAttention } from './attention.ts'
import { searchInput, startSearch, taken } from './history-search.ts'
import { openJump } from './jump.ts'
import { neighbourRoom, roomNumber } from './navigation.ts'
import { pickInput, startPick } from './pick.ts'
import { scrollBy, scrollPage, toEnd, unpick } from './scrolling.ts'
import { askToQuit, next } from './next.ts'
import type { ChatPage, Next, State } from './state.ts'
import { submitLine } from './submit.ts'
import { goBack, toBeginning, toFirstUnread } from './visit.ts'

const wheelLines = 3

export function chatInput(state: State, page: ChatPage, input: Input): Next {
  if (input.kind === 'wheel') return scrollBy(state, page, input.up ? -wheelLines : wheelLines)
  if (page.chord === true) {
    const plain: ChatPage = { ...page, chord: undefined }
    const after: State = { ...state, page: plain }
    if (input.kind !== 'key' || !input.ctrl || input.name !== 'e') return chatInput(after, plain, input)
    return next(after, { do: 'edit-outside', roomId: page.room.id, text: page.editor.text })
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
  if (name === 'enter') {
    if (!alt && !shift && !ctrl) return submitLine(state, page.editor.text)
    return newLine(state, page)
  }
  if (ctrl) return ctrlKey(state, page, name)
  if (alt) return altKey(state, page, name)
  switch (name) {
    case 'escape':
      if (page.pick !== undefined) return unpick(state, page)
      return page.about === undefined ? next(state) : cancelAbout(state, page)
    case 'page-up':
      return scrollPage(state, page, -1)
    case 'page-down':
      return scrollPage(state, page, 1)
    case 'up': {
      if (shift) return startPick(state, page)
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

function newLine(state: State, page: ChatPage): Next {
  return next({ ...state, page: { ...page, editor: insert(page.editor, '\n') } })
}

function walked(state: State, page: ChatPage, step: ReturnType<typeof older>): Next {
  if (step === undefined) return next(state)
  return next({ ...state, page: { ...page, history: step.history, editor: editorWith(step.text, page.editor) } })
}

function ctrlKey(state: State, page: ChatPage, name: string): Next | undefined {
  switch (name) {
    case 'j':
      return newLine(state, page)
    case 'p':
      return neighbourRoom(state, -1)
    case 'n':
      return neighbourRoom(state, 1)
    case 'g':
      return openJump(state, page)
    case 'x':
      return next({ ...state, page: { ...page, chord: true } })
    case 'r':
      return startSearch(state, page)
    case 'b':
      return next({ ...state, showMembers: !(state.showMembers ?? state.size.columns >= membersFromColumns) })
    case 'd':
      return page.editor.text === '' ? askToQuit(state) : undefined
    case 'home':
      return toBeginning(state, page)
    case 'end':
      return toEnd(state, page)
    case 'o':
      return goBack(state)
    default:
      return undefined
  }
}

function altKey(state: State, page: ChatPage, name: string): Next | undefined {
  if (/^[0-9]$/.test(name)) return roomNumber(state, name === '0' ? 10 : Number(name))
  switch (name) {
    case 'a':
      return nextAttention(state)
    case 'm':
      return page.pick === undefined ? startPick(state, page) : unpick(state, page)
    case 'u':
      return toFirstUnread(state, page)
    case 'k':
      return openJump(state, page)
    case 'up':
      return neighbourRoom(state, -1)
    case 'down':
      return neighbourRoom(state, 1)
    case 'home':
      return toBeginning(state, page)
    case 'end':
      return toEnd(state, page)
    case 'page-up':
      return scrollBy(state, page, -1)
    case 'page-down':
      return scrollBy(state, page, 1)
    default:
      return undefined
  }
}

/** Ctrl-C: clears the line; if it is empty, asks whether to quit. */
export function interrupted(state: State): Next {
  const { page } = state
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
