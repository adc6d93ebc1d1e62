/** Which message a key or a command acts on, and whether it can. Pure. */
import { hasText, isChange } from '../../chat/timeline/changes.ts'
import type { MessageItem } from '../../chat/item.ts'
import { withoutSpoilers } from '../text/markdown.ts'
import { isAdmin } from './members.ts'
import type { Entry } from './timeline.ts'
import type { Folded } from './fold.ts'
import { foldPage } from './fold.ts'
import type { ChatPage, Next, State } from './state.ts'
import { next, problem } from './next.ts'

type Act = 'reply' | 'edit' | 'delete' | 'react'

/** Acts on the selected message, else on the sensible newest; or says why it can't. */
export function withTarget(
  state: State,
  page: ChatPage,
  act: Act,
  work: (item: MessageItem, folded: Folded) => Next,
): Next {
  const folded = foldPage(page)
  const item = pickedItem(page) ?? newestFor(page, act, folded)
  if (item === undefined) {
    const whose = act === 'edit' || act === 'delete' ? 'of yours' : 'from anyone else'
    return next(problem(state, `There is no message ${whose} here.`, 'Shift+Up selects one.'))
  }
  const refused = refusal(state, page, act, item, folded)
  return refused === undefined ? work(item, folded) : next(refused)
}

/** Whether an action applies to a message: a key that does nothing is not offered. */
export function can(state: State, page: ChatPage, act: Act, item: MessageItem): boolean {
  return refusal(state, page, act, item, foldPage(page)) === undefined
}

/** Selectable entries: not those that show in another message. */
export function isPickable({ key, item }: Entry, folded: Folded): boolean {
  return item.kind === 'message' && !isChange(item) && !folded.hidden.has(key)
}

export function pickedItem({ pick, timeline }: ChatPage): MessageItem | undefined {
  const entry = pick && timeline.entries.find(({ key }) => key === pick.key)
  return entry?.item.kind === 'message' ? entry.item : undefined
}

/** The text of the selected message as it reads now; undefined: it has none. */
export function pickedText(page: ChatPage): string | undefined {
  const item = pickedItem(page)
  if (item === undefined) return undefined
  const changed = foldPage(page).changed(item.id)
  return changed.deleted ? undefined : (changed.text ?? (hasText(item) ? item.text : undefined))
}

/** Whether it hides a part of its text. */
export function hasSpoiler(page: ChatPage): boolean {
  const text = pickedText(page) ?? ''
  return withoutSpoilers(text) !== text
}

/** The newest by someone else to reply to, the newest by this person to change. */
function newestFor({ timeline }: ChatPage, act: Act, folded: Folded): MessageItem | undefined {
  // When scrolled up, the newest of the window is an arbitrary message.
  if (timeline.moreAfter) return undefined
  const own = act === 'edit' || act === 'delete'
  const entry = timeline.entries.findLast((candidate) => {
    const { item } = candidate
    return (
      item.kind === 'message' && item.own === own && isPickable(candidate, folded) && !folded.changed(item.id).deleted
    )
  })
  return entry?.item.kind === 'message' ? entry.item : undefined
}

function refusal(state: State, page: ChatPage, act: Act, item: MessageItem, folded: Folded): State | undefined {
  const { room } = page
  if (room.standing !== 'member') {
    return problem(state, `You are not in ${room.name}, so nothing can be sent.`, '/join to ask to be let in.')
  }
  if (folded.changed(item.id).deleted) return problem(state, 'That message was deleted.')
  const author = item.from.name
  if (act === 'edit' && !item.own) return problem(state, `Only ${author} can edit that message.`)
  if (act === 'edit' && !hasText(item)) return problem(state, 'That message has no text to edit.')
  if (act === 'delete' && !item.own && !isAdmin(state, page)) {
    return problem(state, `Only ${author} or an admin can delete that message.`)
  }
  return undefined
}
