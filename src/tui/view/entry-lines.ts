/**
 * The lines of one timeline entry: a divider where a day or the new messages begin, then time, name and text beside the
 * gutter. Pure: the same entry in the same context always takes the same lines.
 */
import type { MessageItem, PendingItem } from '../../chat/item.ts'
import { isMention } from '../../chat/timeline/mentions.ts'
import type { Folded } from '../state/fold.ts'
import { pendingChange } from '../state/fold.ts'
import type { Entry } from '../state/timeline.ts'
import type { Line, Style } from '../text/style.ts'
import { colourOf } from '../text/style.ts'
import { clockTime, dayName, sameDay } from '../text/time.ts'
import { adminText, lostNote, reactionText } from '../../chat/wording.ts'
import type { Gutter } from './gutter.ts'
import { beside, divider, marked, noName, remark, textColumns } from './gutter.ts'
import { messageText, quoted } from './message-text.ts'
import type { Twins } from './shown-name.ts'
import { shownName } from './shown-name.ts'

export function entryLines(entries: readonly Entry[], index: number, context: EntryContext): readonly Line[] {
  const entry = entries[index]
  if (entry === undefined || context.folded.hidden.has(entry.key)) return []
  const body = bodyLines(entry, context)
  return [...dividers(entries, index, context), ...(entry.key === context.pickedKey ? marked(body) : body)]
}

function dividers(entries: readonly Entry[], index: number, context: EntryContext): readonly Line[] {
  const lines: Line[] = index === 0 ? [remark(context.top, context.columns)] : []
  const at = timeOf(entries[index])
  const before = timeBefore(entries, index, context)
  if (at !== undefined && (before === undefined || !sameDay(at, before))) {
    lines.push(remark(`── ${dayName(at)} ──`, context.columns))
  }
  if (entries[index]?.key === context.newKey) lines.push(divider('new', context.columns, { colour: 'red' }))
  return lines
}

/** From the nearest visible entry above that has one. */
function timeBefore(entries: readonly Entry[], index: number, { folded }: EntryContext): number | undefined {
  for (let at = index - 1; at >= 0; at -= 1) {
    const entry = entries[at]
    const time = timeOf(entry)
    if (entry !== undefined && time !== undefined && !folded.hidden.has(entry.key)) return time
  }
  return undefined
}

function timeOf(entry: Entry | undefined): number | undefined {
  const item = entry?.item.kind === 'lost' ? entry.item.item : entry?.item
  return item === undefined || item.kind === 'warning' ? undefined : item.at
}

function bodyLines({ item }: Entry, context: EntryContext): readonly Line[] {
  switch (item.kind) {
    case 'lost':
      return [
        ...bodyLines({ key: '', place: item.i, item: item.item }, context),
        ...beside('', { text: '', style: {} }, `(${lostNote})`, { dim: true }, context),
      ]
    case 'warning': {
      const style: Style = { colour: 'red' }
      return beside('', { text: 'warning', style }, `record ${item.i}: ${item.reason}`, style, context)
    }
    case 'admin': {
      const style: Style = item.event === 'knock' ? { colour: 'yellow' } : { dim: true }
      return beside(clockTime(item.at), { text: '<admin>', style }, adminText(item), style, context, item)
    }
    case 'message':
      return messageLines(item, context)
  }
}

export interface EntryContext extends Gutter {
  readonly ownName: string
  /** Whether the store is reachable: then messages being sent need no mark. */
  readonly online: boolean
  /** What is above the oldest entry of the window. */
  readonly top: string
  /** The entry below the "new" line. */
  readonly newKey: string | undefined
  /** The selected entry. */
  readonly pickedKey: string | undefined
  readonly folded: Folded
  readonly twins: Twins
}

const dim: Style = { dim: true }
const bad: Style = { colour: 'red' }

function messageLines(item: MessageItem, context: EntryContext): readonly Line[] {
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

/** The message that a reply answers, on one line. */
function quote(id: string, context: EntryContext): string {
  const target = context.folded.messages.get(id)
  return `> ${target === undefined ? 'an earlier message' : quoted(target, context.folded, textColumns(context) - 2)}`
}

/** None if it shows in the message that it changes. */
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
