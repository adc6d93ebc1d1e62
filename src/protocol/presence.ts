/**
 * Presence: a member says that a program of theirs shows the room. It lies in a leased key of its own, and ends with the
 * lease. Signed, and sealed under the epoch: outsiders see that someone has the room open, and not who; no member can speak
 * for another. The signature names the room and the key, so that it counts nowhere else.
 */
import type { Bytes } from '../base/bytes.ts'
import { encode, Fields, FormatError } from '../base/codec.ts'
import { fixed, tuple, unsigned, type Held } from '../base/format.ts'
import { derive } from '../crypto/derive.ts'
import { hashBytes } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import { nonceBytes, open, seal, sealKey, type SealKey } from '../crypto/seal.ts'
import { publicKeyFormat, type Signer } from '../crypto/sign.ts'
import type { EpochKeys } from './epoch.ts'
import { signed } from './signed.ts'
import { labels } from './version.ts'

export const presenceIdBytes = 16
/** On the wire, at most. */
export const presenceBytesMax = 512

const presenceFormat = tuple({
  roomId: fixed(hashBytes),
  /** The end of the key that it lies under. */
  id: fixed(presenceIdBytes),
  rootKey: publicKeyFormat,
  /** The author's clock, milliseconds. */
  at: unsigned(),
})
export type Presence = Held<typeof presenceFormat>

const signedPresence = signed('presence', labels.presence, presenceFormat, ({ rootKey }) => rootKey)

export function sealPresence(
  keys: EpochKeys,
  signer: Signer,
  presence: Omit<Presence, 'rootKey'>,
  random: Random,
): Bytes {
  const bytes = signedPresence.sign(signer, { ...presence, rootKey: signer.publicKey })
  const aad = encode([presence.roomId, presence.id])
  const { nonce, ciphertext } = seal(keyOf(presence.roomId, keys), aad, bytes, random)
  return encode([keys.epoch, nonce, ciphertext])
}

/** undefined for anything else, of another epoch than these keys', or not signed by the key that it names. */
export function openPresence(keys: EpochKeys, roomId: Bytes, id: Bytes, sealed: Bytes): Presence | undefined {
  if (sealed.length > presenceBytesMax) return undefined
  try {
    const fields = Fields.decode(sealed, 3)
    if (fields.unsigned() !== keys.epoch) return undefined
    const nonce = fields.fixed(nonceBytes)
    const bytes = open(keyOf(roomId, keys), nonce, encode([roomId, id]), fields.bytes(presenceBytesMax))
    const presence = bytes && signedPresence.open(bytes)
    return presence && isOf(presence, roomId, id) ? presence : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function isOf(presence: Presence, roomId: Bytes, id: Bytes): boolean {
  return Buffer.compare(presence.roomId, roomId) === 0 && Buffer.compare(presence.id, id) === 0
}

function keyOf(roomId: Bytes, { secret, epoch, before }: EpochKeys): SealKey {
  return sealKey(derive(secret, labels.epochPresence, roomId, epoch, before))
}
