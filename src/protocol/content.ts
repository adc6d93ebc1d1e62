/** What one message says: positional, the type's name first. A type of a later version is kept as it is and shown as a placeholder. */
import { Fields, FormatError, type Value } from '../base/codec.ts'
import { boolean, fixed, text, tuple, unsigned, type Format, type Held } from '../base/format.ts'
import { fileNameBytesMax, mediaTypeBytesMax, messageTextBytesMax, reactionBytesMax } from '../base/limits.ts'
import { hashBytes } from '../crypto/hash.ts'
import { sealKeyBytes } from '../crypto/seal.ts'

/** The id of another message: 16 bytes (message.ts). */
const to = fixed(16)
const said = text(messageTextBytesMax, (read) => (read === '' ? 'empty text' : undefined))
const typeNameBytesMax = 16

const types = {
  text: tuple({ text: said }),
  emote: tuple({ text: said }),
  reply: tuple({ to, text: said }),
  edit: tuple({ to, text: said }),
  delete: tuple({ to }),
  react: tuple({ to, emoji: text(reactionBytesMax), on: boolean }),
  file: tuple({
    name: text(fileNameBytesMax),
    mediaType: text(mediaTypeBytesMax),
    size: unsigned(),
    /** Of the whole content. */
    digest: fixed(hashBytes),
    /** Seals its parts. */
    key: fixed(sealKeyBytes),
  }),
}
type KnownType = keyof typeof types

export type Content =
  | { [T in KnownType]: { readonly type: T } & Held<(typeof types)[T]> }[KnownType]
  | { readonly type: 'unknown'; readonly name: string; readonly value: Value }

export function contentValue(content: Content): Value {
  if (content.type === 'unknown') return content.value
  return [content.type, ...types[content.type].values(content as never)]
}

/** @throws FormatError for a known type whose fields are not its own, and for what has no type. */
export function decodeContent(value: Value): Content {
  if (!Array.isArray(value) || typeof value[0] !== 'string') throw new FormatError('message without a type')
  const [type, ...rest] = value as [string, ...Value[]]
  if (Buffer.byteLength(type) > typeNameBytesMax) throw new FormatError('type too long')
  if (!Object.hasOwn(types, type)) return { type: 'unknown', name: type, value }
  const known = types[type as KnownType]
  return { type, ...known.readAll(new Fields(rest, known.count)) } as Content
}

export const contentFormat: Format<Content> = {
  read: (fields) => decodeContent(fields.next()),
  write: contentValue,
}
