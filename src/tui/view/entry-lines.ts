/**
 * One entry of a timeline as the lines that it takes: a divider where a day or the new messages begin, then time, name
 * and text beside the gutter. Pure: the same entry in the same context always takes the same lines.
 */
import type { MessageItem, PendingItem } from '../../chat/item.ts'
import type { Entry } from '../state/timeline.ts'
import { colourOf } from '../text/palette.ts'
import type { Line, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { padStart, truncate, widthOf } from '../text/width.ts'
import { wrap, wrapFor } from '../text/wrap.ts'
import { adminText } from './admin-text.ts'
import type { Folded } from './fold.ts'
import { reactionLine } from './fold.ts'
import { clockTime, dayName, sameDay } from './time.ts'

export interface EntryContext {
  /** Columns of the pane. */
  readonly columns: number
  readonly nameColumns: number
  readonly ownName: string
  /** What stands above the oldest entry of the window. */
  readonly top: string
  /** The entry that the "new" line stands above. */
  readonly newKey: string | undefined
  readonly folded: Folded
}

const dim: Style = { dim: true }

export function entryLines(entry: Entry, previous: Entry | undefined, context: EntryContext): readonly Line[] {
  if (context.folded.hidden.has(entry.key)) return []
  return [...dividers(entry, previous, context), ...bodyLines(entry, context)]
}

export function divider(text: string, columns: number, style: Style = dim): Line {
  const shown = ` ${truncate(text, columns - 8)} `
  const dashes = Math.max(0, columns - 2 - widthOf(shown))
  const before = '─'.repeat(dashes >> 1)
  return [span(' '), span(`${before}${shown}${'─'.repeat(dashes - (dashes >> 1))}`, style)]
}

/** A quiet remark in the middle of the pane. */
export function remark(text: string, columns: number): Line {
  const shown = truncate(text, columns - 2)
  return [span(' '.repeat((columns - widthOf(shown)) >> 1)), span(shown, dim)]
}

export function pendingLines(
  pending: PendingItem,
  name: string,
  online: boolean,
  context: EntryContext,
): readonly Line[] {
  const text = 'text' in pending.content ? pending.content.text : `(${pending.content.type})`
  const failed = pending.state === 'failed'
  const shown = pending.content.type === 'emote' ? `* ${name} ${text}` : text
  const lines = beside(clockTime(pending.at), { text: name, style: dim }, shown, dim, context)
  if (failed) {
    const reason = `not sent${pending.reason === undefined ? '' : `: ${pending.reason}`} · /drop takes it away`
    return [
      ...lines,
      ...beside('', { text: '!', style: { colour: 'red', bold: true } }, reason, { colour: 'red' }, context),
    ]
  }
  return online ? lines : [...lines, ...beside('', { text: '', style: dim }, 'queued', dim, context)]
}

function dividers(entry: Entry, previous: Entry | undefined, context: EntryContext): readonly Line[] {
  const lines: Line[] = previous === undefined ? [remark(context.top, context.columns)] : []
  const at = timeOf(entry)
  const before = previous && timeOf(previous)
  if (at !== undefined && (before === undefined || !sameDay(at, before))) {
    lines.push(remark(`── ${dayName(at)} ──`, context.columns))
  }
  if (entry.key === context.newKey) lines.push(divider('new', context.columns, { colour: 'red' }))
  return lines
}

function timeOf(entry: Entry): number | undefined {
  return entry.item.kind === 'warning' ? undefined : entry.item.at
}

function bodyLines({ item }: Entry, context: EntryContext): readonly Line[] {
  switch (item.kind) {
    case 'warning': {
      const style: Style = { colour: 'red' }
      return beside('', { text: 'warning', style }, `record ${item.i}: ${item.reason}`, style, context)
    }
    case 'admin': {
      const style: Style = item.event === 'knock' ? { colour: 'yellow' } : dim
      return beside(clockTime(item.at), { text: '<admin>', style }, adminText(item), style, context, item)
    }
    case 'message':
      return messageLines(item, context)
  }
}

function messageLines(item: MessageItem, context: EntryContext): readonly Line[] {
  const changes = context.folded.changes.get(item.id)
  const name = { text: item.from.name, style: { colour: colourOf(item.from.fingerprint), bold: item.own } }
  const time = clockTime(item.at)
  if (changes?.deleted === true) return beside(time, name, '(deleted)', dim, context)
  const text = changes?.text ?? textOf(item)
  const edited = changes?.text === undefined ? '' : ' (edited)'
  const style: Style = !item.own && mentions(text, context.ownName) ? { bold: true } : {}
  const lines: Line[] = []
  if (item.type === 'reply') lines.push(...beside(time, name, quote(item.to, context), dim, context))
  const first = lines.length === 0
  lines.push(...beside(first ? time : '', first ? name : { text: '', style: {} }, text + edited, style, context, item))
  const reactions = reactionLine(changes)
  if (reactions !== '') lines.push(...beside('', { text: '', style: {} }, reactions, dim, context))
  return lines
}

function textOf(item: MessageItem): string {
  switch (item.type) {
    case 'text':
    case 'reply':
      return item.text
    case 'emote':
      return `* ${item.from.name} ${item.text}`
    case 'edit':
      return `(edits an earlier message) ${item.text}`
    case 'delete':
      return '(deletes an earlier message)'
    case 'react':
      return `(${item.on ? '' : 'no longer '}${item.emoji} for an earlier message)`
    case 'file':
      return `(file "${item.name}", ${item.bytes} bytes)`
    case 'unknown':
      return `(a message of the type "${item.name}", which this version does not know)`
  }
}

/** What a reply answers, on one line. */
function quote(id: string, context: EntryContext): string {
  const target = context.folded.messages.get(id)
  if (target === undefined) return '> an earlier message'
  const changes = context.folded.changes.get(id)
  const text = changes?.deleted === true ? '(deleted)' : (changes?.text ?? textOf(target))
  return truncate(`> ${target.from.name}: ${text.replaceAll('\n', ' ')}`, textColumns(context))
}

export function mentions(text: string, name: string): boolean {
  if (name === '') return false
  const at = text.toLowerCase().indexOf(name.toLowerCase())
  if (at < 0) return false
  const around = /[\p{L}\p{N}_-]/u
  return !around.test(text.charAt(at - 1)) && !around.test(text.charAt(at + name.length))
}

function textColumns(context: EntryContext): number {
  return Math.max(8, context.columns - context.nameColumns - 11)
}

/** ` 14:02   Yunhua │ text`, and further lines under the text. */
function beside(
  time: string,
  name: { readonly text: string; readonly style: Style },
  text: string,
  style: Style,
  context: EntryContext,
  owner?: object,
): readonly Line[] {
  const columns = textColumns(context)
  return (owner === undefined ? wrap(text, columns) : wrapFor(owner, text, columns)).map((part, index) => [
    span(index === 0 ? ` ${time.padEnd(5)} ` : '       ', dim),
    span(padStart(index === 0 ? name.text : '', context.nameColumns), name.style),
    span(' │ ', dim),
    span(part, style),
  ])
}
