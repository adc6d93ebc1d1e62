/** Sending from the open room: messages, replies, edits and reactions, checked and remembered. Pure. */
import { messageTextBytesMax } from '../../base/limits.ts'
import type { MessageContent, MessageItem } from '../../chat/item.ts'
import { hasText } from '../../chat/timeline/changes.ts'
import { editorWith, emptyEditor, nextLine } from '../input/editor.ts'
import { remember } from '../input/history.ts'
import { emojiOf } from '../text/emoji.ts'
import { quoted } from '../view/message-text.ts'
import type { Folded } from './fold.ts'
import { foldPage } from './fold.ts'
import { info, next, problem } from './next.ts'
import { released, toEnd } from './scrolling.ts'
import type { About, ChatPage, Next, State } from './state.ts'

/** Sends a message from the open room; the line keeps what can't be sent. */
export function say(state: State, typed: string, content: MessageContent): Next {
  const { page } = state
  if (page.kind !== 'chat') return next(problem(state, 'Enter a room first.'))
  const sent = put(state, page, typed, content)
  if (sent.effects.length === 0 || sent.state.page.kind !== 'chat') return sent
  const there = sent.state.page
  const ended = toEnd(sent.state, {
    ...there,
    timeline: { ...there.timeline, newAfter: undefined, newUpTo: undefined },
  })
  return { state: ended.state, effects: [...sent.effects, ...ended.effects] }
}

/** As `say`, without scrolling the screen. */
function put(state: State, page: ChatPage, typed: string, content: MessageContent): Next {
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
  return 'text' in content ? tooLong(state, content.text) : undefined
}

export function tooLong(state: State, text: string): State | undefined {
  const bytes = Buffer.byteLength(text)
  if (bytes <= messageTextBytesMax) return undefined
  const hint = `A message has at most ${messageTextBytesMax} bytes: send it in parts.`
  return problem(state, `The message is too long: ${bytes} bytes.`, hint)
}

/** Clears the line, and adds it to the history. */
export function taken(state: State, line: string): State {
  const { page } = state
  if (page.kind === 'rooms') return { ...state, page: { ...page, editor: emptyEditor, selected: 0 } }
  if (page.kind !== 'chat') return state
  const history = line === '' ? page.history : remember(page.history, line)
  return { ...state, page: { ...page, editor: nextLine(page.editor), history, completion: undefined } }
}

/** From now on the line is about this message; its former text comes back later, or becomes the reply. */
export function beginAbout(state: State, given: ChatPage, act: About['act'], item: MessageItem, folded: Folded): Next {
  const page = withoutAbout(given)
  const quote = act === 'edit' ? currentText(item, folded).replaceAll('\n', ' ') : quoted(item, folded)
  const about: About = { act, id: item.id, quote, before: page.editor }
  const editor =
    act === 'reply' ? page.editor : act === 'edit' ? editorWith(asTyped(currentText(item, folded))) : emptyEditor
  return released(state, { ...page, about, editor, completion: undefined })
}

/** Escape: restores the line, except that a reply's text stays in it. */
export function cancelAbout(state: State, page: ChatPage): Next {
  return next({ ...state, page: withoutAbout(page) })
}

/** A line that is no command. `typed`: the raw input; `text`: its meaning. */
export function utter(state: State, page: ChatPage, typed: string, text: string): Next {
  const { about } = page
  switch (about?.act) {
    case undefined:
      return say(state, typed, { type: 'text', text })
    case 'reply':
      return finished(say(state, typed, { type: 'reply', to: about.id, text }), about)
    case 'edit':
      return finished(edit(state, page, about.id, typed, text), about)
    case 'react':
      return finished(react(state, page, about.id, text), about)
  }
}

export function edit(state: State, page: ChatPage, id: string, typed: string, text: string): Next {
  const folded = foldPage(page)
  const item = folded.messages.get(id)
  if (item !== undefined && currentText(item, folded) === text) return next(info(state, 'Nothing changed.'))
  return put(state, page, typed, { type: 'edit', to: id, text })
}

/** Repeating it removes the reaction. */
export function react(state: State, page: ChatPage, id: string, typed: string): Next {
  const emoji = emojiOf(typed)
  if (emoji === undefined) return next(problem(state, 'A reaction is a single emoji.', 'Tab for suggestions.'))
  const given = foldPage(page)
    .changed(id)
    .reactions.some((reaction) => reaction.own && reaction.emoji === emoji)
  return put(state, page, '', { type: 'react', to: id, emoji, on: !given })
}

/** Unless it failed: then the line stays unchanged. */
function finished(done: Next, about: About): Next {
  const { page, flash } = done.state
  if (page.kind !== 'chat' || flash?.tone === 'error') return done
  const editor = about.act === 'reply' ? page.editor : about.before
  return { ...done, state: { ...done.state, page: { ...page, about: undefined, editor, completion: undefined } } }
}

function withoutAbout(page: ChatPage): ChatPage {
  const { about } = page
  if (about === undefined) return page
  return { ...page, about: undefined, editor: about.act === 'reply' ? page.editor : about.before }
}

/** Without the name that starts an emote. */
function currentText(item: MessageItem, folded: Folded): string {
  const { text } = folded.changed(item.id)
  return text ?? (hasText(item) ? item.text : '')
}

/** Escaped as one would type it, so that it is no command. */
function asTyped(text: string): string {
  return text.startsWith('/') || text.startsWith('!') ? text.charAt(0) + text : text
}
