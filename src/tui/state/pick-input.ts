/** The keys while a message is picked: where to go, and what to do to it. Pure. */
import { editorWith } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { beginAbout } from './about.ts'
import { askToDelete } from './message-commands.ts'
import { movePick, unpick } from './pick.ts'
import type { ChatPage, Next, State } from './state.ts'
import { next } from './next.ts'
import { withTarget } from './target.ts'

/** Messages that PgUp and PgDn go by. */
const pageSteps = 8

/** What a key or the first of some letters does, and the letters behind it; undefined: what it does elsewhere. */
export function pickInput(state: State, page: ChatPage, input: Input): { done: Next; rest: string } | undefined {
  if (input.kind === 'key') {
    const done = input.ctrl || input.alt ? undefined : keyed(state, page, input.name)
    return done && { done, rest: '' }
  }
  if (input.kind === 'wheel') return undefined
  // A paste is meant for the line.
  if (input.kind === 'paste') return { done: unpick(state, page), rest: input.text }
  const [first = ''] = input.text
  return { done: lettered(state, page, first), rest: input.text.slice(first.length) }
}

function keyed(state: State, page: ChatPage, name: string): Next | undefined {
  switch (name) {
    case 'up':
      return movePick(state, page, -1)
    case 'down':
      return movePick(state, page, 1)
    case 'page-up':
      return movePick(state, page, -pageSteps)
    case 'page-down':
      return movePick(state, page, pageSteps)
    case 'escape':
      return unpick(state, page)
    case 'enter':
      return lettered(state, page, 'r')
    case 'delete':
      return lettered(state, page, 'd')
    default:
      // Other keys edit a line that is not the one that one looks at.
      return next(state)
  }
}

function lettered(state: State, page: ChatPage, letter: string): Next {
  switch (letter) {
    case 'k':
      return movePick(state, page, -1)
    case 'j':
      return movePick(state, page, 1)
    case 'r':
      return withTarget(state, page, 'reply', (item, folded) => beginAbout(state, page, 'reply', item, folded))
    case 'e':
      return withTarget(state, page, 'edit', (item, folded) => beginAbout(state, page, 'edit', item, folded))
    case 'd':
      return askToDelete(state, page)
    case '+':
      return withTarget(state, page, 'react', (item, folded) => beginAbout(state, page, 'react', item, folded))
    case '/': {
      // A command about this message.
      const pick = page.pick && { ...page.pick, keys: false }
      const { text, cut } = page.editor
      // What stood in the line: Ctrl-Y brings it back.
      const editor = { ...editorWith('/'), cut: text === '' ? cut : text }
      return next({ ...state, page: { ...page, pick, editor } })
    }
    default:
      return next(state)
  }
}
