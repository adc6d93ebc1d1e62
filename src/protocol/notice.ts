/**
 * A notice in someone's inbox that they were invited to a room: sealed to their wrap key, signed by the inviter. It proves
 * nothing: the invitation itself is in the room's log.
 */
import { encode, Fields, FormatError } from '../base/codec.ts'
import { boolean, fixed, tuple, unsigned, type Held } from '../base/format.ts'
import { noticeBytesMax } from '../base/limits.ts'
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { publicKeyFormat, type Signer } from '../crypto/sign.ts'
import { encapsulationBytes, wrap, type Unwrapper } from '../crypto/wrap.ts'
import { roomNameText, userNameText } from './operation.ts'
import { signed } from './signed.ts'
import { labels } from './version.ts'

const noticeFormat = tuple({
  /** Root key of the person whose inbox it is in. */
  to: publicKeyFormat,
  roomId: fixed(hashBytes),
  roomName: roomNameText,
  /** Direct messages of two people. */
  direct: boolean,
  from: userNameText,
  fromKey: publicKeyFormat,
  /** The sender's clock, milliseconds: for display. */
  at: unsigned(),
})
export type Notice = Omit<Held<typeof noticeFormat>, 'to'>

const signedNotice = signed('notice', labels.notice, noticeFormat, ({ fromKey }) => fromKey)

/** Names a person's inbox. */
export function inboxId(rootKey: Bytes): Bytes {
  return hash(labels.keyId, rootKey).slice(0, 16)
}

/** undefined when the wrap key is no key. */
export async function sealNotice(
  signer: Signer,
  to: { readonly rootKey: Bytes; readonly wrapKey: Bytes },
  notice: Omit<Notice, 'fromKey'>,
): Promise<Bytes | undefined> {
  const bytes = signedNotice.sign(signer, { ...notice, to: to.rootKey, fromKey: signer.publicKey })
  const wrapped = await wrap(to.wrapKey, labels.notice, [to.rootKey], bytes)
  return wrapped && encode([wrapped.encapsulation, wrapped.ciphertext])
}

/** undefined for what is not a notice to this person, or not signed by the key that it names. */
export async function openNotice(
  rootKey: Bytes,
  own: readonly Unwrapper[],
  sealed: Bytes,
): Promise<Notice | undefined> {
  if (sealed.length > noticeBytesMax) return undefined
  try {
    const outer = Fields.decode(sealed, 2)
    const wrapped = { encapsulation: outer.fixed(encapsulationBytes), ciphertext: outer.bytes(noticeBytesMax) }
    for (const unwrapper of own) {
      const plain = await unwrapper.unwrap(wrapped, labels.notice, [rootKey])
      if (plain !== undefined) return decodeNotice(rootKey, plain)
    }
    return undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function decodeNotice(rootKey: Bytes, plain: Bytes): Notice {
  const { to, ...notice } = signedNotice.open(plain)
  if (!equalBytes(to, rootKey)) throw new FormatError('notice for someone else')
  return notice
}
