/** Commands that send a message or act on one: the selected one, else the sensible newest. Pure. */
import { quoted } from '../view/message-text.ts'
import { beginAbout, edit, react, say } from './say.ts'
import type { ChatPage, Next, State } from './state.ts'
import { ask, info, next, problem } from './next.ts'
import type { MessageItem } from '../../chat/item.ts'
import type { Folded } from './fold.ts'
import { withTarget } from './target.ts'
import type { Handlers, TypedInRoom } from './commands.ts'
import { needsMore } from './commands.ts'

export const messageCommands: Handlers<TypedInRoom> = {
  me: (typed) => {
    const { state, argument, line } = typed
    return argument === '' ? needsMore(typed) : say(state, line, { type: 'emote', text: argument })
  },

  reply: ({ state, page, argument, line }) =>
    withTarget(state, page, 'reply', (item, folded) =>
      argument === ''
        ? beginAbout(state, page, 'reply', item, folded)
        : say(state, line, { type: 'reply', to: item.id, text: argument }),
    ),

  edit: ({ state, page, argument, line }) =>
    withTarget(state, page, 'edit', (item, folded) =>
      argument === '' ? beginAbout(state, page, 'edit', item, folded) : edit(state, page, item.id, line, argument),
    ),

  delete: ({ state, page }) => askToDelete(state, page),

  react: ({ state, page, argument }) =>
    withTarget(state, page, 'react', (item, folded) =>
      argument === ''
        ? beginAbout(state, page, 'react', item, folded)
        : reacted(page, item, folded, react(state, page, item.id, argument)),
    ),

  drop: ({ state, page }) => {
    const failed = page.room.pending.filter((pending) => pending.state === 'failed')
    if (failed.length === 0) return next(problem(state, 'Everything was sent: there is nothing to discard.'))
    return next(state, { do: 'drop', ids: failed.map((pending) => pending.id) })
  },
}

/** Without a selected message, says which one it was. */
function reacted(page: ChatPage, item: MessageItem, folded: Folded, done: Next): Next {
  if (page.pick !== undefined || done.effects.length === 0) return done
  return { ...done, state: info(done.state, `Reaction to ${quoted(item, folded)}`) }
}

export function askToDelete(state: State, page: ChatPage): Next {
  return withTarget(state, page, 'delete', (item, folded) => {
    const question = `Delete "${quoted(item, folded).replaceAll('"', "'")}" for everyone? People may already have read it.`
    return next(ask(state, question, undefined, { do: 'send', content: { type: 'delete', to: item.id } }))
  })
}
