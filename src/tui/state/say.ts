/** What goes out: checked, remembered, and after a message of one's own the screen is back at the newest. Pure. */
import { messageTextBytesMax } from '../../base/limits.ts'
import type { MessageContent } from '../../chat/item.ts'
import { emptyEditor } from '../input/editor.ts'
import { remember } from '../input/history.ts'
import { toEnd } from './scrolling.ts'
import type { ChatPage, Next, State } from './state.ts'
import { next, problem } from './next.ts'

/** Sends a message from the open room; what can't be sent stays in the line. */
export function say(state: State, typed: string, content: MessageContent): Next {
  const { page } = state
  if (page.kind !== 'chat') return next(problem(state, 'Enter a room first.'))
  const sent = put(state, page, typed, content)
  if (sent.effects.length === 0 || sent.state.page.kind !== 'chat') return sent
  const there = sent.state.page
  const ended = toEnd(sent.state, { ...there, timeline: { ...there.timeline, newAfter: undefined } })
  return { state: ended.state, effects: [...sent.effects, ...ended.effects] }
}

/** As `say`, where one looks at something: the screen stays. */
export function put(state: State, page: ChatPage, typed: string, content: MessageContent): Next {
  const refused = unsendable(state, page, content)
  return refused === undefined ? next(taken(state, typed.trimEnd()), { do: 'send', content }) : next(refused)
}

function unsendable(state: State, { room }: ChatPage, content: MessageContent): State | undefined {
  if (room.standing !== 'member') {
    return problem(state, `You are not in ${room.name}, so nothing can be sent.`, '/join to ask to be let in.')
  }
  if (room.tooNew) {
    return problem(state, `${room.name} uses a newer version: it is read-only here.`, 'Update Conclave to write here.')
  }
  const bytes = 'text' in content ? Buffer.byteLength(content.text) : 0
  if (bytes <= messageTextBytesMax) return undefined
  const hint = `A message has at most ${messageTextBytesMax} bytes: send it in parts.`
  return problem(state, `The message is too long: ${bytes} bytes.`, hint)
}

/** The line is empty again, and remembered. */
export function taken(state: State, line: string): State {
  const { page } = state
  if (page.kind === 'rooms') return { ...state, page: { ...page, editor: emptyEditor, selected: 0 } }
  if (page.kind !== 'chat') return state
  const editor = { ...emptyEditor, cut: page.editor.cut }
  const history = line === '' ? page.history : remember(page.history, line)
  return { ...state, page: { ...page, editor, history, completion: undefined } }
}
