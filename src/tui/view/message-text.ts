/** The lines of a message or a change, and how others quote it. Pure. */
import { counts, isChange, type ChangeContent } from '../../chat/timeline/changes.ts'
import type { MessageItem } from '../../chat/item.ts'
import { mark, messageParts, quoteText, reactionLabel, type Part } from '../../chat/wording.ts'
import type { Folded } from '../state/fold.ts'
import { truncate } from '../text/width.ts'

const quoteColumnsMax = 60

/** As it reads now. */
export function partsOf(item: MessageItem, folded: Folded): readonly Part[] {
  const changed = folded.changed(item.id)
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
  return truncate(quoteText(item, folded.changed(item.id)), columns)
}
