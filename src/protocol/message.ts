/**
 * Message records: one or more messages of one author, signed inside and sealed under the epoch's message key, so that
 * operators don't see who writes. Each can be judged by itself: a reader needs only the control
 * chain and the hash of the record before.
 */
import { equalBytes, hex, type Bytes } from '../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { fixed, list, tuple, unsigned, type Held } from '../base/format.ts'
import { messageRecordBytesMax, messagesPerRecordMax } from '../base/limits.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import { open, seal } from '../crypto/seal.ts'
import { publicKeyFormat, signatureBytes, verifyRaw, type Signer } from '../crypto/sign.ts'
import { contentFormat, contentValue, decodeContent, type Content } from './content.ts'
import type { EpochKeys } from './epoch.ts'
import type { RecordPlace } from './fold.ts'
import type { Keyring } from './keyring.ts'
import { pad, unpad } from './padding.ts'
import { encodeMessageOuter, type MessageOuter } from './record.ts'
import { headOf, memberByKey, roomJudging, type Member, type Room } from './room.ts'
import { followsAnother } from './verdict.ts'
import { labels, protocolVersion, suiteHybrid1 } from './version.ts'

export const deviceBytes = 8
export const messageIdBytes = 16

const insideFormat = tuple({
  previousHash: fixed(hashBytes),
  author: publicKeyFormat,
  /** Drawn at each start of an outbox writer. */
  device: fixed(deviceBytes),
  /** Of the first message; the others follow. */
  counter: unsigned(Number.MAX_SAFE_INTEGER - messagesPerRecordMax),
  /** A claim: the author's count of messages before. */
  seq: unsigned(),
  head: fixed(hashBytes),
  /** A claim: the author's clock, milliseconds. */
  at: unsigned(),
  contents: list(contentFormat, messagesPerRecordMax),
})
export type MessageInside = Held<typeof insideFormat>

export type MessageVerdict =
  | { readonly kind: 'valid'; readonly inside: MessageInside; readonly author: Member }
  | { readonly kind: 'void'; readonly reason: string }
  | { readonly kind: 'locked'; readonly epoch: number }

/** Names a message for replies and edits, and lets a repeated one be shown once. 16 bytes. */
export function messageId(roomId: Bytes, firstRootKey: Bytes, device: Bytes, counter: number): Bytes {
  return hash(labels.messageId, roomId, firstRootKey, device, counter).slice(0, messageIdBytes)
}

/** @throws RangeError beyond messageRecordBytesMax (the caller bounds what it packs together), and for what would be void. */
export function sealMessages(
  roomId: Bytes,
  i: number,
  keys: EpochKeys,
  signer: Signer,
  inside: Omit<MessageInside, 'author'>,
  random: Random,
): Bytes {
  const fields = insideFormat.values({ ...inside, author: signer.publicKey })
  checkContents(inside.contents)
  const signature = signer.sign(labels.message, [...context(roomId, keys.epoch, i), ...fields])
  const plaintext = pad(encode([...fields, signature]))
  const sealed = seal(keys.message, encode(context(roomId, keys.epoch, i)), plaintext, random)
  const outer = { version: protocolVersion, suite: suiteHybrid1, epoch: keys.epoch, ...sealed }
  const bytes = encodeMessageOuter(outer)
  if (bytes.length > messageRecordBytesMax) throw new RangeError('message record too long')
  return bytes
}

/** What a record holds under an epoch's keys. Nothing of it has been judged. */
export interface UnsealedMessages {
  readonly keys: EpochKeys
  readonly inside: MessageInside
  readonly signature: Bytes
}

/** undefined when it does not open under these keys. @throws FormatError when it does, and holds no messages. */
export function unsealMessages(
  roomId: Bytes,
  i: number,
  { epoch, nonce, ciphertext }: MessageOuter,
  keys: EpochKeys,
): UnsealedMessages | undefined {
  const padded = open(keys.message, nonce, encode(context(roomId, epoch, i)), ciphertext)
  if (padded === undefined) return undefined
  const [inside, signature] = decodeInside(unpad(padded))
  return { keys, inside, signature }
}

/** What the signature inside has to cover: rule M7, which asks nothing of the room. */
export function signedBytes(roomId: Bytes, i: number, { keys, inside }: UnsealedMessages): Bytes {
  return encode([labels.message, ...context(roomId, keys.epoch, i), ...insideFormat.values(inside)])
}

/** What was found out about a record before its turn to be judged came. */
export interface Preverified {
  readonly outer: MessageOuter
  readonly unsealed: UnsealedMessages
  readonly isSigned: boolean
}

/**
 * Whether log/i holds valid messages of a member, by the room as its chain makes it: rules M1 to M8.
 * `preverified` saves work and changes no verdict.
 */
export function openMessages(
  whole: Room,
  place: Omit<RecordPlace, 'hash'>,
  outer: MessageOuter,
  keyring: Keyring,
  signatureKnownGood = false,
  preverified?: Preverified,
): MessageVerdict {
  const room = roomJudging(whole, place.i)
  const mark = place.i > 0 ? headOf(room) : undefined
  const invalid = (reason: string) => ({ kind: 'void', reason }) as const
  if (outer.version !== protocolVersion || outer.suite !== suiteHybrid1) return invalid('unknown version')
  if (mark === undefined || outer.version !== mark.version) return invalid('not the version in force')
  if (outer.epoch < mark.epoch) return invalid('not the epoch in force')
  // Without the secret in force a reader can't know which control records follow it, nor what they opened.
  const keys = keyring.get(room.openings.get(room.epoch))
  if (keys === undefined) return { kind: 'locked', epoch: mark.epoch }
  if (outer.epoch > mark.epoch) return invalid('not the epoch in force')
  // Another opening may have claimed the same epoch: what was opened with its keys says nothing here.
  const known = preverified?.unsealed.keys === keys ? preverified : undefined
  try {
    const unsealed = known?.unsealed ?? unsealMessages(room.id, place.i, outer, keys)
    if (unsealed === undefined) return invalid('does not open')
    const { inside } = unsealed
    if (!equalBytes(inside.previousHash, place.previousHash)) return invalid(followsAnother)
    const author = memberByKey(room, inside.author)
    if (author === undefined) return invalid('author is not a member')
    if (!equalBytes(inside.head, mark.hash)) return invalid('not the head in force')
    const signed = () => verifyRaw(inside.author, signedBytes(room.id, place.i, unsealed), unsealed.signature)
    if (!signatureKnownGood && !(known?.isSigned ?? signed())) return invalid('wrong signature')
    return { kind: 'valid', inside, author }
  } catch (error) {
    if (error instanceof FormatError) return invalid(error.message)
    throw error
  }
}

/** The ids of a valid record's messages (hexadecimal), in order. */
export function idsOf(roomId: Bytes, { device, counter, contents }: MessageInside, author: Member): string[] {
  return contents.map((_, k) => hex(messageId(roomId, author.firstRootKey, device, counter + k)))
}

function context(roomId: Bytes, epoch: number, i: number): readonly Value[] {
  return [protocolVersion, suiteHybrid1, roomId, epoch, i]
}

function checkContents(contents: readonly Content[]): void {
  const { length } = contents
  if (length === 0 || length > messagesPerRecordMax) throw new RangeError(`not 1 to ${messagesPerRecordMax} messages`)
  try {
    for (const content of contents) decodeContent(contentValue(content))
  } catch (error) {
    if (error instanceof FormatError) throw new RangeError(`not a message: ${error.message}`, { cause: error })
    throw error
  }
}

function decodeInside(bytes: Bytes): [MessageInside, signature: Bytes] {
  const fields = Fields.decode(bytes, insideFormat.count + 1)
  const inside = insideFormat.readAll(fields)
  if (inside.contents.length === 0) throw new FormatError('no message')
  return [inside, fields.fixed(signatureBytes)]
}
