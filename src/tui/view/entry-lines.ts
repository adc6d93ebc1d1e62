/**
 * One entry of a timeline as the lines that it takes: a divider where a day or the new messages begin, then time, name
 * and text beside the gutter. Pure: the same entry in the same context always takes the same lines.
 */
import { adminText, lostNote } from '../../chat/wording.ts'
import type { Entry } from '../state/entries.ts'
import type { Line, Style } from '../text/style.ts'
import type { EntryContext } from './entry-context.ts'
import { beside, divider, marked, remark } from './gutter.ts'
import { messageLines } from './message-lines.ts'
import { clockTime, dayName, sameDay } from './time.ts'

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

/** Of the nearest entry above that has one, and shows. */
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
