/** What one message says: positional, the type's name first. A type of a later version is kept as it is and shown as a placeholder. */
import { Fields, FormatError, type Value } from '../base/codec.ts'
import { fileNameBytesMax, mediaTypeBytesMax, messageTextBytesMax, reactionBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hashBytes } from '../crypto/hash.ts'
import { sealKeyBytes } from '../crypto/seal.ts'

/** Ids of other messages are 16 bytes (message.ts). */
const idBytes = 16
const typeNameBytesMax = 16

export type Content =
  | { readonly type: 'text' | 'emote'; readonly text: string }
  | { readonly type: 'reply' | 'edit'; readonly to: Bytes; readonly text: string }
  | { readonly type: 'delete'; readonly to: Bytes }
  | { readonly type: 'react'; readonly to: Bytes; readonly emoji: string; readonly on: boolean }
  | {
      readonly type: 'file'
      readonly name: string
      readonly mediaType: string
      readonly size: number
      /** Of the whole content; and the key that its parts are sealed under. */
      readonly digest: Bytes
      readonly key: Bytes
    }
  | { readonly type: 'unknown'; readonly name: string; readonly value: Value }

export function contentValue(content: Content): Value {
  switch (content.type) {
    case 'text':
    case 'emote':
      return [content.type, content.text]
    case 'reply':
    case 'edit':
      return [content.type, content.to, content.text]
    case 'delete':
      return [content.type, content.to]
    case 'react':
      return [content.type, content.to, content.emoji, content.on]
    case 'file':
      return [content.type, content.name, content.mediaType, content.size, content.digest, content.key]
    case 'unknown':
      return content.value
  }
}

/** @throws FormatError for a known type whose fields are not its own, and for what has no type. */
export function decodeContent(value: Value): Content {
  if (!Array.isArray(value) || typeof value[0] !== 'string') throw new FormatError('message without a type')
  const items = value as readonly Value[]
  const type = items[0] as string
  if (Buffer.byteLength(type) > typeNameBytesMax) throw new FormatError('type too long')
  switch (type) {
    case 'text':
    case 'emote': {
      const fields = fieldsOf(items, 1)
      return { type, text: text(fields) }
    }
    case 'reply':
    case 'edit': {
      const fields = fieldsOf(items, 2)
      return { type, to: fields.fixed(idBytes), text: text(fields) }
    }
    case 'delete': {
      const fields = fieldsOf(items, 1)
      return { type, to: fields.fixed(idBytes) }
    }
    case 'react': {
      const fields = fieldsOf(items, 3)
      return { type, to: fields.fixed(idBytes), emoji: fields.text(reactionBytesMax), on: fields.boolean() }
    }
    case 'file': {
      const fields = fieldsOf(items, 5)
      return {
        type,
        name: fields.text(fileNameBytesMax),
        mediaType: fields.text(mediaTypeBytesMax),
        size: fields.unsigned(),
        digest: fields.fixed(hashBytes),
        key: fields.fixed(sealKeyBytes),
      }
    }
    default:
      return { type: 'unknown', name: type, value }
  }
}

function fieldsOf(items: readonly Value[], count: number): Fields {
  return new Fields(items.slice(1), count)
}

function text(fields: Fields): string {
  const value = fields.text(messageTextBytesMax)
  if (value === '') throw new FormatError('empty text')
  return value
}
