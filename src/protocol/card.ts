/**
 * A listed room's card: what someone needs to ask to join. Signed by a member, which proves to a first-time reader only
 * that some room signed it; what people compare is the room's id.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { FormatError } from '../base/codec.ts'
import { cardBytesMax } from '../base/limits.ts'
import { fixed, tuple, unsigned, type Held } from '../base/format.ts'
import { hashBytes } from '../crypto/hash.ts'
import { publicKeyFormat, type Signer } from '../crypto/sign.ts'
import { wrapKeyFormat } from '../crypto/wrap.ts'
import { roomNameText } from './operation.ts'
import { signed } from './signed.ts'
import { labels } from './version.ts'

const card = tuple({
  roomId: fixed(hashBytes),
  name: roomNameText,
  n: unsigned(),
  epoch: unsigned(),
  head: fixed(hashBytes),
  knockKey: wrapKeyFormat,
  signer: publicKeyFormat,
})
export type Card = Held<typeof card>

const signedCard = signed('card', labels.card, card, ({ signer }) => signer)

export function signCard(signer: Signer, rest: Omit<Card, 'signer'>): Bytes {
  return signedCard.sign(signer, { ...rest, signer: signer.publicKey })
}

/** @throws FormatError when the bytes are no card of this room, or not signed by the key that they name. */
export function decodeCard(roomId: Bytes, bytes: Bytes): Card {
  if (bytes.length > cardBytesMax) throw new FormatError('larger than a card can be')
  const opened = signedCard.open(bytes)
  if (!equalBytes(opened.roomId, roomId)) throw new FormatError('card of another room')
  return opened
}
