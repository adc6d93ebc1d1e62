/**
 * The lines of one timeline entry: a divider where a day or the new messages begin, then time, name and text beside the
 * gutter. Pure: the same entry in the same context always takes the same lines.
 */
import type { MessageItem, PendingItem, Person } from '../../chat/item.ts'
import { unchanged } from '../../chat/timeline/changes.ts'
import { isMention } from '../../chat/timeline/unread-messages.ts'
import type { Folded, FoldedRequests } from '../state/fold.ts'
import { pendingChange } from '../state/fold.ts'
import { timeOf } from '../state/log-time.ts'
import type { Entry } from '../state/timeline.ts'
import type { UnseenLine } from '../state/unseen.ts'
import type { Line, NameColour, Style } from '../text/style.ts'
import { clickable } from '../text/style.ts'
import type { Reading } from '../text/message-rows.ts'
import { clockTime, dayName, sameDay } from '../text/time.ts'
import { adminText, lostNote, mark, messageParts, reactionText, type Part } from '../../chat/wording.ts'
import type { Gutter, Name } from './gutter.ts'
import { beside, between, divider, marked, noName, remark, textColumns } from './gutter.ts'
import { changeParts, partsOf, quoted } from './message-text.ts'
import { shownName } from './shown-name.ts'

export function entryLines(entries: readonly Entry[], index: number, context: EntryContext): readonly Line[] {
  const entry = entries[index]
  if (entry === undefined || context.folded.hidden.has(entry.key)) return []
  const body = bodyLines(entry, context)
  const shown = entry.key === context.pickedKey ? marked(body) : body
  const on = { kind: 'entry', key: entry.key } as const
  return [...dividers(entries, index, context), ...shown.map((line) => clickable(line, on))]
}

function dividers(entries: readonly Entry[], index: number, context: EntryContext): readonly Line[] {
  const lines: Line[] = index === 0 ? [between(remark(context.top, context.columns), context)] : []
  const at = believedTime(entries[index], context)
  const before = timeBefore(entries, index, context)
  if (at !== undefined && (before === undefined || !sameDay(at, before))) {
    lines.push(between(remark(`── ${dayName(at)} ──`, context.columns), context))
  }
  const { unseen } = context
  if (unseen !== undefined && entries[index]?.key === unseen.key) {
    const since = unseen.since === undefined ? '' : ` since ${clockTime(unseen.since)}`
    lines.push(between(divider(`${unseen.count} new${since}`, context.columns, { colour: 'red' }), context))
  }
  return lines
}

/** From the nearest visible entry above that has one. */
function timeBefore(entries: readonly Entry[], index: number, context: EntryContext): number | undefined {
  for (let at = index - 1; at >= 0; at -= 1) {
    const entry = entries[at]
    const time = believedTime(entry, context)
    if (entry !== undefined && time !== undefined && !context.folded.hidden.has(entry.key)) return time
  }
  return undefined
}

/** Undefined where a sender's clock is wrong: days follow the log. */
function believedTime(entry: Entry | undefined, { doubtful }: EntryContext): number | undefined {
  return entry === undefined || doubtful.has(entry.key) ? undefined : timeOf(entry)
}

function bodyLines({ key, item }: Entry, context: EntryContext): readonly Line[] {
  switch (item.kind) {
    case 'lost':
      return [
        ...bodyLines({ key: '', place: item.i, item: item.item }, context),
        ...beside('', noName, mark(`(${lostNote})`), dim, context),
      ]
    case 'warning': {
      const style: Style = { colour: 'red' }
      return beside(
        '',
        { text: '!', style },
        { kind: 'program', text: `record ${item.i}: ${item.reason}` },
        style,
        context,
      )
    }
    case 'admin': {
      const style: Style = item.event === 'knock' ? { colour: 'yellow' } : { dim: true }
      const together = context.folded.requests.get(key)
      return beside(
        context.doubtful.has(key) ? noTime : clockTime(item.at),
        { text: '<admin>', style },
        {
          kind: 'program',
          text: together === undefined ? adminText(context.folded.namesakes.shown(item)) : requestsText(together),
        },
        style,
        context,
      )
    }
    case 'message':
      return messageLines(key, item, context)
  }
}

/** `!NAME` works for each of them, as on a line of their own. */
function requestsText({ people, waiting }: FoldedRequests): string {
  if (waiting.length === 0) return `${people.length} asked to join: ${namesText(people)}`
  const verb = waiting.length === 1 ? 'asks' : 'ask'
  return `${waiting.length} ${verb} to join: ${namesText(waiting)} — /requests to answer, or !NAME`
}

function namesText(people: readonly Person[]): string {
  const names = people.slice(0, 3).map(({ name }) => name)
  const more = people.length - names.length
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`
}

export interface EntryContext extends Gutter {
  readonly ownName: string
  /** Whether the store is reachable: then messages being sent need no mark. */
  readonly online: boolean
  /** What is above the oldest entry of the window. */
  readonly top: string
  /** The "new" line, and the entry below it. */
  readonly unseen: UnseenLine | undefined
  /** The selected entry. */
  readonly pickedKey: string | undefined
  /** The entry whose spoilers are uncovered. */
  readonly uncoveredKey: string | undefined
  readonly folded: Folded
  readonly colourOf: (fingerprint: string) => NameColour
  /** Entries whose time is not believed. */
  readonly doubtful: ReadonlySet<string>
}

/** In the place of a time that is not believed. */
const noTime = '--:--'

const dim: Style = { dim: true }
const bad: Style = { colour: 'red' }

function messageLines(key: string, message: MessageItem, context: EntryContext): readonly Line[] {
  const { folded, bare } = context
  const item = folded.namesakes.shown(message)
  const isDoubted = context.doubtful.has(key)
  const changed = folded.changed(item.id)
  const name = {
    text: shownName(message.from, folded.namesakes, bare === true ? Infinity : context.nameColumns),
    style: { colour: context.colourOf(item.from.fingerprint), bold: item.own },
  }
  const uncovered = context.uncoveredKey === key
  const own = partsOf(item, folded, uncovered)
  const text = own.find(({ kind }) => kind === 'text')?.text ?? ''
  const style: Style = !item.own && context.ownName !== '' && isMention(text, context.ownName) ? { bold: true } : {}
  const edited = changed.text === undefined ? [] : ['(edited)']
  // A change that the store does not have yet.
  const queued = !context.online && folded.waiting.has(item.id) ? ['(queued)'] : []
  const reactions = reactionText(changed)
  return partLines(
    isDoubted ? noTime : clockTime(item.at),
    name,
    [
      ...(item.type === 'reply' && !changed.deleted ? [quote(item.to, context)] : []),
      ...own,
      ...(edited.length + queued.length === 0 ? [] : [mark([...edited, ...queued].join(' '))]),
      ...(reactions === '' ? [] : [mark(reactions)]),
      ...(isDoubted ? [mark(`(${item.from.name}'s clock says ${dayName(item.at)}, ${clockTime(item.at)})`)] : []),
    ],
    style,
    context,
    { owner: item, uncovered },
  )
}

function partLines(
  time: string,
  name: Name,
  parts: readonly Part[],
  style: Style,
  context: EntryContext,
  reading?: Reading,
): readonly Line[] {
  return parts.flatMap((part, index) => {
    const [at, by] = index === 0 ? [time, name] : ['', noName]
    return beside(at, by, part, part.kind === 'text' ? style : dim, context, reading)
  })
}

/** The message that a reply answers, on one line. */
function quote(id: string, context: EntryContext): Part {
  const target = context.folded.messages.get(id)
  return mark(
    `> ${target === undefined ? 'an earlier message' : quoted(target, context.folded, textColumns(context) - 4)}`,
  )
}

/** None if it shows in the message that it changes. */
export function pendingLines(pending: PendingItem, context: EntryContext): readonly Line[] {
  const { content, state, reason, at } = pending
  const change = pendingChange(pending)
  if (change !== undefined && context.folded.waiting.has(change.to)) return []
  const name = { text: context.ownName, style: dim }
  const parts = [...(content.type === 'reply' ? [quote(content.to, context)] : []), ...pendingParts(pending, context)]
  const lines = partLines(clockTime(at), name, parts, dim, context)
  if (state === 'failed') {
    const why = `not sent${reason === undefined ? '' : `: ${reason}`} · /drop to discard`
    const sign = { text: '!', style: { ...bad, bold: true } }
    return [...lines, ...beside('', sign, { kind: 'program', text: why }, bad, context)]
  }
  return context.online ? lines : [...lines, ...beside('', noName, mark('(queued)'), dim, context)]
}

function pendingParts({ id, content }: PendingItem, { ownName, folded }: EntryContext): readonly Part[] {
  if (content.type === 'edit' || content.type === 'delete' || content.type === 'react')
    return changeParts(content, folded)
  const from = { name: ownName, fingerprint: '', id: '', admin: false }
  return messageParts({ kind: 'message', i: 0, seq: 0, at: 0, from, own: true, id, ...content }, unchanged)
}
