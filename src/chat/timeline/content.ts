/** Messages as front ends write and see them, and as records hold them. */
import { hex, type Bytes } from '../../base/bytes.ts'
import { FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { messageTextBytesMax } from '../../base/limits.ts'
import { contentValue, decodeContent, type Content } from '../../protocol/content.ts'
import type { MessageContent } from '../item.ts'

/** @throws usage for an empty or oversized text, or an invalid message */
export function checkedContent(content: MessageContent): Content {
  const wire = wireContent(content)
  if ('text' in wire) {
    if (wire.text.trim() === '') throw new ConclaveError('usage', 'The message is empty', { hint: 'Write something.' })
    if (Buffer.byteLength(wire.text) > messageTextBytesMax) {
      throw new ConclaveError('usage', `A message has at most ${messageTextBytesMax} bytes`, {
        hint: 'Send it in parts.',
      })
    }
  }
  try {
    return decodeContent(contentValue(wire))
  } catch (error) {
    if (error instanceof FormatError) throw new ConclaveError('usage', `Not a message: ${error.message}`)
    throw error
  }
}

function wireContent(content: MessageContent): Content {
  switch (content.type) {
    case 'text':
    case 'emote':
      return { type: content.type, text: wellFormed(content.text) }
    case 'reply':
    case 'edit':
      return { type: content.type, to: idBytes(content.to), text: wellFormed(content.text) }
    case 'delete':
      return { type: 'delete', to: idBytes(content.to) }
    case 'react':
      return { type: 'react', to: idBytes(content.to), emoji: content.emoji, on: content.on }
    case 'file':
    case 'unknown':
      throw new ConclaveError('usage', 'This kind of message can’t be sent yet')
  }
}

/** A lone surrogate has no UTF-8 encoding. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}

function idBytes(id: string): Bytes {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new ConclaveError('usage', `Not a message ID: ${id}`)
  return new Uint8Array(Buffer.from(id, 'hex'))
}

export function shownContent(content: Content): MessageContent {
  switch (content.type) {
    case 'text':
    case 'emote':
      return content
    case 'reply':
    case 'edit':
      return { ...content, to: hex(content.to) }
    case 'delete':
      return { ...content, to: hex(content.to) }
    case 'react':
      return { ...content, to: hex(content.to) }
    case 'file':
      return { type: 'file', name: content.name, bytes: content.size, mediaType: content.mediaType }
    case 'unknown':
      return { type: 'unknown', name: content.name }
  }
}
