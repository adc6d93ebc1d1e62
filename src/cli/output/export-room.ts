/**
 * A whole room as one text, part by part. Two walks over the room's copy: the first one collects the changes, so that
 * the second one shows each message as it reads now.
 */
import { changedBy, isChange, type Changed } from '../../chat/timeline/changes.ts'
import type { Room } from '../../chat/chat.ts'
import type { MessageItem, TimelineItem } from '../../chat/item.ts'
import { Namesakes } from '../../chat/people/namesakes.ts'
import { lostNote, quoteText } from '../../chat/wording.ts'
import { sanitizeLine } from '../../tui/sanitize.ts'
import { truncate } from '../../tui/text/width.ts'
import { from } from '../room/reading.ts'
import { htmlWriter, markdownWriter, type Quoted } from './export-formats.ts'
import { itemObject } from './item-json.ts'
import { ChangesAhead } from './item-text.ts'
import { jsonLine } from './output.ts'

/** Messages that a reply can still quote. */
const quotableMax = 10_000
const quoteColumnsMax = 80

export async function* writtenRoom(
  room: Room,
  format: 'jsonl' | 'markdown' | 'html',
  signal: AbortSignal,
  counted: () => void,
): AsyncGenerator<string, void> {
  const items = async function* (upTo = Infinity): AsyncGenerator<TimelineItem, void> {
    for await (const item of from(room, 0, signal)) {
      signal.throwIfAborted()
      if ((item.i ?? 0) > upTo) return
      yield item
    }
  }
  if (format === 'jsonl') {
    for await (const item of items()) {
      if (item.kind === 'message') counted()
      yield `${jsonLine(itemObject(item))}\n`
    }
    return
  }
  let end = 0
  const namesakes = new Namesakes(room.members)
  const untilNow = async function* (): AsyncGenerator<TimelineItem, void> {
    for await (const item of items()) {
      end = item.i ?? end
      if (item.kind === 'message') namesakes.add([item.from])
      yield item
    }
  }
  const ahead = await ChangesAhead.of(untilNow())
  const writer = format === 'html' ? htmlWriter() : markdownWriter()
  const quotable = new Map<string, Quoted>()
  yield writer.head(room)
  for await (const one of items(end)) {
    const written = one.kind === 'lost' ? one.item : one
    const item = written.kind === 'warning' ? written : namesakes.shown(written)
    if (one.kind === 'lost') {
      yield writer.warning({ kind: 'warning', i: one.i, reason: `${lostNote}:` })
    }
    if (item.kind === 'admin') yield writer.admin(item)
    else if (item.kind === 'warning') yield writer.warning(item)
    else if (!isChange(item)) {
      counted()
      const changed = changedBy(item, ahead.about(item))
      yield writer.message(item, changed, item.type === 'reply' ? quotable.get(item.to) : undefined)
      quotable.set(item.id, quoteOf(item, changed))
      const [oldest] = quotable.keys()
      if (quotable.size > quotableMax && oldest !== undefined) quotable.delete(oldest)
    }
  }
  yield writer.foot()
}

function quoteOf(item: MessageItem, changed: Changed): Quoted {
  return { id: item.id, text: truncate(sanitizeLine(quoteText(item, changed)), quoteColumnsMax) }
}
