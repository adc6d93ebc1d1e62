/** A line that goes out: sent, remembered, and the screen back at the newest. Pure. */
import { messageTextBytesMax } from '../../base/limits.ts'
import type { MessageContent } from '../../chat/item.ts'
import { emptyEditor } from '../input/editor.ts'
import { remember } from '../input/history.ts'
import { toEnd } from './scrolling.ts'
import type { Next, State } from './state.ts'
import { next, problem } from './state.ts'

/** Sends a message from the open room; what can't be sent stays in the line. */
export function say(state: State, typed: string, content: MessageContent): Next {
  const { page } = state
  if (page.kind !== 'chat') return next(problem(state, 'Enter a room first.'))
  if (page.room.standing !== 'member') {
    return next(problem(state, `You are not in ${page.room.name}, so nothing can be sent.`, '/join asks to be let in.'))
  }
  const bytes = 'text' in content ? Buffer.byteLength(content.text) : 0
  if (bytes > messageTextBytesMax) {
    const hint = `A message has at most ${messageTextBytesMax}: send it in parts.`
    return next(problem(state, `This is too long to be sent: ${bytes} bytes.`, hint))
  }
  const sent = taken(state, typed.trimEnd())
  if (sent.page.kind !== 'chat') return next(sent)
  const ended = toEnd(sent, { ...sent.page, timeline: { ...sent.page.timeline, newAfter: undefined } })
  return { state: ended.state, effects: [{ do: 'send', content }, ...ended.effects] }
}

/** The line is empty again, and remembered. */
export function taken(state: State, line: string): State {
  const { page } = state
  if (page.kind === 'rooms') return { ...state, page: { ...page, editor: emptyEditor, selected: 0 } }
  if (page.kind !== 'chat') return state
  const editor = { ...emptyEditor, cut: page.editor.cut }
  return { ...state, page: { ...page, editor, history: remember(page.history, line), completion: undefined } }
}
