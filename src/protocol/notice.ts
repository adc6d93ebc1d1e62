/**
 * What lies in a person's inbox: that he was invited into a room. Sealed to his wrap key, signed by the one who invites.
 * A notice proves nothing: the invitation itself stands in the room's log.
 */
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { noticeBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { publicKeyBytes, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { encapsulationBytes, wrap, type Unwrapper } from '../crypto/wrap.ts'
import { roomNameField, userNameField } from './operation.ts'
import { labels, protocolVersion } from './version.ts'

export interface Notice {
  readonly roomId: Bytes
  readonly roomName: string
  readonly from: string
  readonly fromKey: Bytes
  /** The sender's clock, milliseconds: for display. */
  readonly at: number
}

/** Under which a person's inbox lies. */
export function inboxId(rootKey: Bytes): Bytes {
  return hash(labels.keyId, rootKey).slice(0, 16)
}

/** undefined when the wrap key is no key. */
export async function sealNotice(
  signer: Signer,
  to: { readonly rootKey: Bytes; readonly wrapKey: Bytes },
  notice: Omit<Notice, 'fromKey'>,
): Promise<Bytes | undefined> {
  const values = noticeValues(to.rootKey, { ...notice, fromKey: signer.publicKey })
  const signature = signer.sign(labels.notice, values)
  const wrapped = await wrap(to.wrapKey, labels.notice, [to.rootKey], encode([...values, signature]))
  return wrapped && encode([wrapped.encapsulation, wrapped.ciphertext])
}

/** undefined for what is not a notice to this person, or not signed by whom it names. */
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
  const fields = Fields.decode(plain, 8)
  if (fields.unsigned() !== protocolVersion) throw new FormatError('notice of another version')
  if (Buffer.compare(fields.fixed(publicKeyBytes), rootKey) !== 0) throw new FormatError('notice to another')
  const notice = {
    roomId: fields.fixed(hashBytes),
    roomName: roomNameField(fields),
    from: userNameField(fields),
    fromKey: fields.fixed(publicKeyBytes),
    at: fields.unsigned(),
  }
  const signature = fields.fixed(signatureBytes)
  if (!verify(notice.fromKey, labels.notice, noticeValues(rootKey, notice), signature)) {
    throw new FormatError('notice not signed')
  }
  return notice
}

function noticeValues(to: Bytes, { roomId, roomName, from, fromKey, at }: Notice): readonly Value[] {
  return [protocolVersion, to, roomId, roomName, from, fromKey, at]
}
