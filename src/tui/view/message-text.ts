/** The lines of a message or a change, and how others quote it. Pure. */
import { counts, isChange, type ChangeContent, type Changed } from '../../chat/timeline/changes.ts'
import type { MessageItem } from '../../chat/item.ts'
import { mark, messageParts, quoteText, reactionLabel, type Part } from '../../chat/wording.ts'
import type { Folded } from '../state/fold.ts'
import { withoutSpoilers } from '../text/markdown.ts'
import { truncate } from '../text/width.ts'

const quoteColumnsMax = 60

/** As it reads now. The first line of an emote is a mark, which has no spoilers of its own. */
export function partsOf(item: MessageItem, folded: Folded, uncovered = false): readonly Part[] {
  const changed = folded.changed(item.id)
  if (item.type === 'emote' && !uncovered) return messageParts(...covered(item, changed))
  if (!isChange(item) || changed.deleted) return messageParts(item, changed)
  const target = folded.messages.get(item.to)
  if (target === undefined || counts(item, target)) return changeParts(item, folded)
  const verb = item.type === 'edit' ? 'edit' : 'delete'
  const refused = mark(`(only ${target.from.name} can ${verb} it) ${quoted(target, folded)}`)
  return item.type === 'edit' ? [refused, { kind: 'text', text: item.text }] : [refused]
}

/** A change whose message is not on the same page. */
export function changeParts(change: ChangeContent, folded: Folded): readonly Part[] {
  const target = folded.messages.get(change.to)
  const about = target === undefined ? 'an earlier message' : quoted(target, folded)
  switch (change.type) {
    case 'edit':
      return [mark(`(edits) ${about}`), { kind: 'text', text: change.text }]
    case 'delete':
      return [
        mark(target === undefined ? '(deletes) an earlier message' : `(deletes) a message of ${target.from.name}`),
      ]
    case 'react':
      return [mark(`(${change.on ? '' : 'no longer '}${reactionLabel(change.emoji)}) ${about}`)]
  }
}

/** `Alan: How is everyone…`, on one line. */
export function quoted(item: MessageItem, folded: Folded, columns = quoteColumnsMax): string {
  if (folded.isIgnored(item)) return 'an ignored message'
  return truncate(quoteText(...covered(item, folded.changed(item.id))), columns)
}

/** With its spoilers covered. */
function covered(item: MessageItem, changed: Changed): [MessageItem, Changed] {
  const text = changed.text === undefined ? undefined : withoutSpoilers(changed.text)
  const own = 'text' in item ? { ...item, text: withoutSpoilers(item.text) } : item
  return [own, text === undefined ? changed : { ...changed, text }]
}
