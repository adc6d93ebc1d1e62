/**
 * A knock: a request to join, signed by its author and sealed to the room's current knock key. It names the room and a head
 * that its author has seen, so that it can't be replayed in another room nor after a later kick. The accept that lets its
 * author in carries it, and it serves once.
 */
import { encode, Fields, FormatError } from '../base/codec.ts'
import { fixed, tuple, unsigned, type Held } from '../base/format.ts'
import { knockBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { publicKeyFormat, type Signer } from '../crypto/sign.ts'
import { encapsulationBytes, unwrapperFromSeed, wrap, wrapKeyFormat, type Wrapped } from '../crypto/wrap.ts'
import type { EpochKeys } from './epoch.ts'
import { userNameText } from './operation.ts'
import { signed } from './signed.ts'
import { labels } from './version.ts'

export const knockNonceBytes = 16

const knockFormat = tuple({
  roomId: fixed(hashBytes),
  name: userNameText,
  rootKey: publicKeyFormat,
  wrapKey: wrapKeyFormat,
  nonce: fixed(knockNonceBytes),
  /** Hash of the newest control record that the author knows of: from the card, or remembered. */
  head: fixed(hashBytes),
  /** How many records of the log the store showed the author, and the hash of the last one, which covers them all. */
  end: unsigned(),
  last: fixed(hashBytes),
  /** The author's clock, milliseconds: for display. */
  at: unsigned(),
})
export type Knock = Held<typeof knockFormat>

const signedKnock = signed('knock', labels.knock, knockFormat, ({ rootKey }) => rootKey)

export function signKnock(signer: Signer, knock: Omit<Knock, 'rootKey'>): Bytes {
  return signedKnock.sign(signer, { ...knock, rootKey: signer.publicKey })
}

/**
 * `signatureKnownGood` skips what this reader has verified before.
 * @throws FormatError when the bytes are no knock, or not signed by the key that they name.
 */
export function decodeKnock(bytes: Bytes, signatureKnownGood = false): Knock {
  return signedKnock.open(bytes, signatureKnownGood)
}

/** Identifies a knock: what an accept or reject names it by, and (its first 16 bytes) how its author finds the answer. */
export function knockId(knock: Bytes): Bytes {
  return hash(labels.knockId, knock)
}

/** The public key that knocks are sealed to during an epoch. */
export async function knockPublicKey(keys: EpochKeys): Promise<Bytes> {
  return (await unwrapperFromSeed(keys.knockSeed)).publicKey
}

/** undefined when the card's key is no key. */
export async function sealKnock(
  roomId: Bytes,
  epoch: number,
  publicKey: Bytes,
  knock: Bytes,
): Promise<Bytes | undefined> {
  const wrapped = await wrap(publicKey, labels.knockSeal, [roomId, epoch], knock)
  return wrapped && encode([epoch, wrapped.encapsulation, wrapped.ciphertext])
}

/** The number of the epoch that it was sealed to; undefined for what is not a sealed knock. */
export function sealedKnockEpoch(sealed: Bytes): number | undefined {
  return readSealed(sealed)?.epoch
}

/** Opens with whichever epoch's key it was sealed to. undefined for what is not a sealed knock for this room. */
export async function openKnock(
  roomId: Bytes,
  epochs: readonly EpochKeys[],
  sealed: Bytes,
): Promise<Bytes | undefined> {
  const read = readSealed(sealed)
  if (read === undefined) return undefined
  const { epoch, wrapped } = read
  for (const keys of epochs) {
    if (keys.epoch !== epoch) continue
    const own = await unwrapperFromSeed(keys.knockSeed)
    const knock = await own.unwrap(wrapped, labels.knockSeal, [roomId, epoch])
    if (knock !== undefined) return knock
  }
  return undefined
}

function readSealed(sealed: Bytes): { readonly epoch: number; readonly wrapped: Wrapped } | undefined {
  if (sealed.length > knockBytesMax) return undefined
  try {
    const fields = Fields.decode(sealed, 3)
    const epoch = fields.unsigned()
    return {
      epoch,
      wrapped: { encapsulation: fields.fixed(encapsulationBytes), ciphertext: fields.bytes(knockBytesMax) },
    }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
