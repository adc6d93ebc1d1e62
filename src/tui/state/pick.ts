/** Picking a message: it is marked, the screen goes along, and stands still meanwhile. Pure. */
import { anchorShowing, visibleRange } from '../view/viewport.ts'
import { foldPage } from './fold.ts'
import { geometry, scrollBy, toEnd } from './scrolling.ts'
import type { ChatPage, Next, Pick, State } from './state.ts'
import { info, next } from './next.ts'
import { isPickable } from './target.ts'
import { isAtEnd } from './timeline.ts'

/** Picks the newest message on the screen. */
export function startPick(state: State, page: ChatPage): Next {
  const { timeline } = page
  const { entries, anchor } = timeline
  const { rows, measure } = geometry(state, page)
  const { from, to } = visibleRange(entries, anchor, rows, measure)
  const folded = foldPage(page)
  const entry = entries.slice(from, to).findLast((candidate) => isPickable(candidate, folded))
  const last = entries.at(-1)
  if (entry === undefined || last === undefined) return next(info(state, 'No message to select.'))
  // What comes meanwhile must not push the picked one off the screen.
  const still = anchor ?? { key: last.key, hidden: 0 }
  const pick: Pick = { key: entry.key, keys: true, following: anchor === undefined }
  return next({ ...state, page: { ...page, pick, timeline: { ...timeline, anchor: still }, completion: undefined } })
}

/** Up (negative) or down by so many messages; at the window's end more are fetched. */
export function movePick(state: State, page: ChatPage, steps: number): Next {
  const { pick, timeline } = page
  const { entries, anchor } = timeline
  if (pick === undefined) return next(state)
  const folded = foldPage(page)
  const step = steps < 0 ? -1 : 1
  const start = entries.findIndex(({ key }) => key === pick.key)
  let at = start
  let left = Math.abs(steps)
  for (let index = start + step; index >= 0 && index < entries.length && left > 0; index += step) {
    const entry = entries[index]
    if (entry === undefined || !isPickable(entry, folded)) continue
    at = index
    left -= 1
  }
  const key = entries[at]?.key
  if (key === undefined || at === start) return scrollBy(state, page, step * 1_000_000)
  const moved: ChatPage = { ...page, pick: { ...pick, key } }
  const { rows, measure } = geometry(state, moved)
  const shown = anchorShowing(entries, anchor, at, rows, measure)
  return next({ ...state, page: { ...moved, timeline: { ...timeline, anchor: shown } } })
}

/** Nothing is picked any more: back to the newest where one came from there. */
export function unpick(state: State, page: ChatPage): Next {
  const { pick } = page
  const plain: ChatPage = { ...page, pick: undefined }
  return pick?.following === true ? toEnd(state, plain) : next({ ...state, page: plain })
}

/** Nothing is picked any more, and the screen stays where it is; at the newest it follows again. */
export function released(state: State, page: ChatPage): Next {
  const plain: ChatPage = { ...page, pick: undefined }
  return isAtEnd(plain.timeline) ? toEnd(state, plain) : next({ ...state, page: plain })
}
