/** A message as lines: what it answers, its text, the reactions; and one's own messages that are not sent yet. Pure. */
import type { MessageItem, PendingItem } from '../../chat/item.ts'
import { isMention } from '../../chat/timeline/mentions.ts'
import { reactionText } from '../../chat/wording.ts'
import { pendingChange } from '../state/fold.ts'
import { colourOf } from '../text/palette.ts'
import type { Line, Style } from '../text/style.ts'
import type { EntryContext } from './entry-context.ts'
import { beside, noName, textColumns } from './gutter.ts'
import { messageText, quoted } from './message-text.ts'
import { shownName } from './shown-name.ts'
import { clockTime } from './time.ts'

const dim: Style = { dim: true }
const bad: Style = { colour: 'red' }

export function messageLines(item: MessageItem, context: EntryContext): readonly Line[] {
  const { folded } = context
  const changed = folded.changed(item.id)
  const name = {
    text: shownName(item.from, context.twins),
    style: { colour: colourOf(item.from.fingerprint), bold: item.own },
  }
  const time = clockTime(item.at)
  if (changed.deleted) return beside(time, name, `(deleted)${waitingMark(item, context)}`, dim, context)
  const text = messageText(item, folded)
  const edited = (changed.text === undefined ? '' : ' (edited)') + waitingMark(item, context)
  const style: Style = !item.own && context.ownName !== '' && isMention(text, context.ownName) ? { bold: true } : {}
  const lines: Line[] = []
  if (item.type === 'reply') lines.push(...beside(time, name, quote(item.to, context), dim, context))
  const first = lines.length === 0
  lines.push(...beside(first ? time : '', first ? name : noName, text + edited, style, context, item))
  const reactions = reactionText(changed)
  if (reactions !== '') lines.push(...beside('', noName, reactions, dim, context))
  return lines
}

/** A change that the store does not have yet. */
function waitingMark(item: MessageItem, { folded, online }: EntryContext): string {
  return !online && folded.waiting.has(item.id) ? ' (queued)' : ''
}

/** What a reply answers, on one line. */
function quote(id: string, context: EntryContext): string {
  const target = context.folded.messages.get(id)
  return `> ${target === undefined ? 'an earlier message' : quoted(target, context.folded, textColumns(context) - 2)}`
}

/** None where it shows in the message that it changes. */
export function pendingLines(pending: PendingItem, context: EntryContext): readonly Line[] {
  const { content, state, reason, at } = pending
  const change = pendingChange(pending)
  if (change !== undefined && context.folded.waiting.has(change.to)) return []
  const name = { text: context.ownName, style: dim }
  const quotes = content.type === 'reply' ? [quote(content.to, context)] : []
  const lines = beside(clockTime(at), name, [...quotes, pendingText(pending, context)].join('\n'), dim, context)
  if (state === 'failed') {
    const why = `not sent${reason === undefined ? '' : `: ${reason}`} · /drop to discard`
    return [...lines, ...beside('', { text: '!', style: { ...bad, bold: true } }, why, bad, context)]
  }
  return context.online ? lines : [...lines, ...beside('', noName, 'queued', dim, context)]
}

function pendingText({ content }: PendingItem, { ownName, folded }: EntryContext): string {
  const target = 'to' in content ? folded.messages.get(content.to) : undefined
  const about = target === undefined ? 'an earlier message' : quoted(target, folded)
  switch (content.type) {
    case 'text':
    case 'reply':
      return content.text
    case 'emote':
      return `* ${ownName} ${content.text}`
    case 'edit':
      return `(edits ${about}) ${content.text}`
    case 'delete':
      return `(deletes ${about})`
    case 'react':
      return `(${content.on ? '' : 'no longer '}${content.emoji} for ${about})`
    case 'file':
    case 'unknown':
      return `(${content.type})`
  }
}
