/** Selecting a message: it is highlighted, the screen follows, and keys act on it. Pure. */
import { cleared, editorWith } from '../input/editor.ts'
import type { Input } from '../input/key.ts'
import { linksIn } from '../text/links.ts'
import { anchorShowing, visibleRange } from '../view/viewport.ts'
import { foldPage } from './fold.ts'
import { askToDelete } from './message-commands.ts'
import { info, next, problem } from './next.ts'
import { beginAbout } from './say.ts'
import { geometry, scrollBy, unpick } from './scrolling.ts'
import type { ChatPage, Next, Pick, State } from './state.ts'
import { hasSpoiler, isPickable, pickedText, withTarget } from './target.ts'

/** Selects the newest message on the screen. */
export function startPick(state: State, page: ChatPage): Next {
  const { timeline } = page
  const { entries, anchor } = timeline
  const { rows, measure } = geometry(state, page)
  const { from, to } = visibleRange(entries, anchor, rows, measure)
  const folded = foldPage(page)
  const entry = entries.slice(from, to).findLast((candidate) => isPickable(candidate, folded))
  return entry === undefined ? next(info(state, 'No message to select.')) : pickEntry(state, page, entry.key)
}

/** Selects a message that is on the screen. */
export function pickEntry(state: State, page: ChatPage, key: string): Next {
  const { timeline } = page
  const { entries, anchor } = timeline
  const last = entries.at(-1)
  const entry = entries.find((candidate) => candidate.key === key)
  if (last === undefined || entry === undefined || !isPickable(entry, foldPage(page))) return next(state)
  // New messages must not push the selected one off the screen.
  const still = anchor ?? { key: last.key, hidden: 0 }
  const { keys = true, following = anchor === undefined } = page.pick ?? {}
  const pick: Pick = { key, keys, following }
  return next({ ...state, page: { ...page, pick, timeline: { ...timeline, anchor: still }, completion: undefined } })
}

/** Up (negative) or down by this many messages; fetches more at the window's end. */
function movePick(state: State, page: ChatPage, steps: number): Next {
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
  const moved: ChatPage = { ...page, pick: { ...pick, key, uncovered: false } }
  const { rows, measure } = geometry(state, moved)
  const shown = anchorShowing(entries, anchor, at, rows, measure)
  return next({ ...state, page: { ...moved, timeline: { ...timeline, anchor: shown } } })
}

/** Messages that PgUp and PgDn move by. */
const pageSteps = 8

/** The action of a key or of the first of some letters, and the letters after it; undefined: not handled here. */
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
      // Other keys would edit a line that isn't in view.
      return next(state)
  }
}

/** The text as it was written, with its markup. */
function copied(
  state: State,
  page: ChatPage,
  what: 'message' | 'link',
  part: (text: string) => string | undefined,
): Next {
  const text = pickedText(page)
  const wanted = text === undefined ? undefined : part(text)
  if (wanted === undefined)
    return next(problem(state, `There is no ${what === 'link' ? 'link' : 'text'} to copy here.`))
  return next(state, { do: 'copy', what, text: wanted })
}

/** Shows what the message hides, until it is no longer selected; again covers it. */
function uncover(state: State, page: ChatPage): Next {
  const { pick } = page
  if (pick === undefined || !hasSpoiler(page)) return next(info(state, 'Nothing is hidden in this message.'))
  return next({ ...state, page: { ...page, pick: { ...pick, uncovered: pick.uncovered !== true } } })
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
    case 'y':
      return copied(state, page, 'message', (text) => text)
    case 'Y':
      return copied(state, page, 'link', (text) => linksIn(text)[0]?.url)
    case '+':
      return withTarget(state, page, 'react', (item, folded) => beginAbout(state, page, 'react', item, folded))
    case 's':
      return uncover(state, page)
    case '/': {
      // A command about this message.
      const pick = page.pick && { ...page.pick, keys: false }
      // Ctrl-Y brings the line's former text back.
      const editor = editorWith('/', cleared(page.editor))
      return next({ ...state, page: { ...page, pick, editor } })
    }
    default:
      return next(state)
  }
}
