/**
 * A timeline item as the object that scripts read. Its fields are a contract: fields may be added, but none changes.
 */
import type { LastHeard } from '../../chat/chat.ts'
import type { MessageItem, TimelineItem } from '../../chat/item.ts'
import type { JsonObject } from './output.ts'

export function itemObject(item: TimelineItem): JsonObject {
  switch (item.kind) {
    case 'message':
      return {
        i: item.i,
        seq: item.seq,
        id: item.id,
        at: isoTime(item.at),
        from: item.from.name,
        fingerprint: item.from.fingerprint,
        ...contentFields(item),
      }
    case 'admin':
      return {
        i: item.i,
        at: isoTime(item.at),
        type: 'admin',
        event: item.event,
        by: item.by.name,
        byFingerprint: item.by.fingerprint,
        target: item.target?.name,
        targetFingerprint: item.target?.fingerprint,
        fingerprint: item.event === 'knock' ? (item.target ?? item.by).fingerprint : undefined,
        detail: item.detail,
        returning: item.returning,
        known: item.known,
        elsewhere: item.elsewhere,
      }
    case 'lost': {
      // It no longer has a number, and its place is that of the record now there.
      const { seq: _seq, ...rest } = itemObject(item.item) as JsonObject & { seq?: number }
      return { ...rest, i: item.i, lost: true }
    }
    case 'warning':
      return { i: item.i, type: 'warning', reason: item.reason }
  }
}

export function heardObjects(people: readonly LastHeard[]): readonly JsonObject[] {
  return people.map(({ name, fingerprint, at }) => {
    return { name, fingerprint, lastHeard: at === undefined ? null : isoTime(at) }
  })
}

/** Clocks of others are claims: they are clamped to what a date can express. */
export function isoTime(ms: number): string {
  const dateMsMax = 8.64e15
  return new Date(Math.min(Math.max(ms, -dateMsMax), dateMsMax)).toISOString()
}

function contentFields(item: MessageItem): JsonObject {
  switch (item.type) {
    case 'text':
    case 'emote':
      return { type: item.type, text: item.text }
    case 'reply':
    case 'edit':
      return { type: item.type, to: item.to, text: item.text }
    case 'delete':
      return { type: item.type, to: item.to }
    case 'react':
      return { type: item.type, to: item.to, emoji: item.emoji, on: item.on }
    case 'file':
      return { type: item.type, name: item.name, bytes: item.bytes, mediaType: item.mediaType }
    case 'unknown':
      return { type: item.type, name: item.name }
  }
}
