/** The text of a message or a change, in words. Pure. */
import { counts, isChange } from '../../chat/timeline/changes.ts'
import type { MessageItem } from '../../chat/item.ts'
import { messageText as textNow } from '../../chat/wording.ts'
import type { Folded } from '../state/fold.ts'
import { truncate } from '../text/width.ts'

const quoteColumnsMax = 60

/** The current text. */
export function messageText(item: MessageItem, folded: Folded): string {
  const changed = folded.changed(item.id)
  return isChange(item) && !changed.deleted ? changeText(item, folded) : textNow(item, changed)
}

/** A change whose message is not on the same page, or that has no effect. */
function changeText(item: MessageItem & { readonly type: 'edit' | 'delete' | 'react' }, folded: Folded): string {
  const target = folded.messages.get(item.to)
  const about = target === undefined ? 'an earlier message' : quoted(target, folded)
  if (target !== undefined && !counts(item, target)) {
    const wanted = item.type === 'edit' ? `edit it: ${item.text}` : 'delete it'
    return `(${about}: only ${target.from.name} can ${wanted})`
  }
  switch (item.type) {
    case 'edit':
      return `(edits ${about}) ${item.text}`
    case 'delete':
      return target === undefined ? '(deletes an earlier message)' : `(deletes a message of ${target.from.name})`
    case 'react':
      return `(${item.on ? '' : 'no longer '}${item.emoji} for ${about})`
  }
}

/** `Alan: How is everyone…`, on one line. */
export function quoted(item: MessageItem, folded: Folded, columns = quoteColumnsMax): string {
  const text = isChange(item) ? `(${item.type})` : messageText(item, folded)
  return truncate(`${item.from.name}: ${text.replaceAll('\n', ' ')}`, columns)
}
