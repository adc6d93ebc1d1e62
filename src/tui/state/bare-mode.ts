/** Bare mode: nothing but the conversation, from the first column, for selecting it with the terminal's mouse. Pure. */
import { next } from './next.ts'
import { toEnd } from './scrolling.ts'
import type { ChatPage, Next, State } from './state.ts'

/** The screen holds still, so that nothing moves under the pointer. */
export function enterBare(state: State, page: ChatPage): Next {
  const { timeline, pick } = page
  const last = timeline.entries.at(-1)
  const anchor = timeline.anchor ?? (last && { key: last.key, hidden: 0 })
  const bare = { following: pick?.following ?? timeline.anchor === undefined }
  return next({
    ...state,
    sheet: undefined,
    page: { ...page, bare, timeline: { ...timeline, anchor }, pick: undefined, completion: undefined },
  })
}

/** Back to the newest, if it began there. */
export function leaveBare(state: State, page: ChatPage): Next {
  const plain: ChatPage = { ...page, bare: undefined }
  return page.bare?.following === true ? toEnd(state, plain) : next({ ...state, page: plain })
}
