/** What a format of an export is, and what all of them show of a message. */
import type { Changed } from '../chat/timeline/changes.ts'
import type { Room } from '../chat/chat.ts'
import type { AdminItem, MessageItem, WarningItem } from '../chat/item.ts'

/** One format. What it gets is as its authors wrote it: it makes it harmless. */
export interface RoomWriter {
  head(room: Pick<Room, 'name' | 'topic' | 'id'>): string
  message(item: MessageItem, changed: Changed, quoted: Quoted | undefined): string
  admin(item: AdminItem): string
  warning(item: WarningItem): string
  foot(): string
}

/** What a reply refers to. */
export interface Quoted {
  readonly id: string
  readonly name: string
  /** Its beginning; undefined: it was deleted. */
  readonly text: string | undefined
}

/** What a message says now. */
export function textNow(item: MessageItem, { text }: Changed): string {
  if (text !== undefined) return text
  switch (item.type) {
    case 'text':
    case 'emote':
    case 'reply':
    case 'edit':
      return item.text
    case 'file':
      return `(file "${item.name}", ${item.bytes} bytes)`
    case 'delete':
    case 'react':
    case 'unknown':
      return `(a message of the type "${item.type === 'unknown' ? item.name : item.type}")`
  }
}
