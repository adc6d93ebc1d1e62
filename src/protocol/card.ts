/**
 * A listed room's card: what somebody outside needs to knock. Signed by a member, which proves to a first-time reader
 * only that some room signed it; the room's id is what he can compare.
 */
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import type { Bytes } from '../base/bytes.ts'
import { hashBytes } from '../crypto/hash.ts'
import { publicKeyBytes, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { wrapKeyBytes } from '../crypto/wrap.ts'
import { roomNameField } from './operation.ts'
import { labels, protocolVersion } from './version.ts'

export interface Card {
  readonly roomId: Bytes
  readonly name: string
  readonly n: number
  readonly epoch: number
  readonly head: Bytes
  readonly knockKey: Bytes
  readonly signer: Bytes
}

export function signCard(signer: Signer, card: Omit<Card, 'signer'>): Bytes {
  const values = cardValues({ ...card, signer: signer.publicKey })
  return encode([...values, signer.sign(labels.card, values)])
}

/** @throws FormatError when the bytes are no card of this room, or not signed by the key that they name. */
export function decodeCard(roomId: Bytes, bytes: Bytes): Card {
  const fields = Fields.decode(bytes, 9)
  if (fields.unsigned() !== protocolVersion) throw new FormatError('card of another version')
  const card = {
    roomId: fields.fixed(hashBytes),
    name: roomNameField(fields),
    n: fields.unsigned(),
    epoch: fields.unsigned(),
    head: fields.fixed(hashBytes),
    knockKey: fields.fixed(wrapKeyBytes),
    signer: fields.fixed(publicKeyBytes),
  }
  if (Buffer.compare(card.roomId, roomId) !== 0) throw new FormatError('card of another room')
  if (!verify(card.signer, labels.card, cardValues(card), fields.fixed(signatureBytes))) {
    throw new FormatError('card not signed')
  }
  return card
}

function cardValues({ roomId, name, n, epoch, head, knockKey, signer }: Card): readonly Value[] {
  return [protocolVersion, roomId, name, n, epoch, head, knockKey, signer]
}
