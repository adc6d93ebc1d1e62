/**
 * A knock: "I would like to join", signed by the one who knocks and sealed to the room's current knock key.
 *
 * It names the room and a head that its author has seen, so that it can't be replayed in another room nor after a
 * later kick; the accept that lets him in carries it, and it serves once.
 */
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import { knockBytesMax } from '../base/limits.ts'
import type { Bytes } from '../base/bytes.ts'
import { hash, hashBytes } from '../crypto/hash.ts'
import { publicKeyBytes, signatureBytes, verify, type Signer } from '../crypto/sign.ts'
import { encapsulationBytes, unwrapperFromSeed, wrap, wrapKeyBytes } from '../crypto/wrap.ts'
import type { EpochKeys } from './epoch.ts'
import { userNameField } from './operation.ts'
import { labels, protocolVersion } from './version.ts'

export const knockNonceBytes = 16

export interface Knock {
  readonly roomId: Bytes
  readonly name: string
  readonly rootKey: Bytes
  readonly wrapKey: Bytes
  readonly nonce: Bytes
  /** Hash of the newest control record that the author knows of: from the card, or remembered. */
  readonly head: Bytes
  /** The author's clock, milliseconds: for display. */
  readonly at: number
}

export function signKnock(signer: Signer, knock: Omit<Knock, 'rootKey'>): Bytes {
  const values = knockValues({ ...knock, rootKey: signer.publicKey })
  return encode([...values, signer.sign(labels.knock, values)])
}

function knockValues(k: Knock): readonly Value[] {
  return [protocolVersion, k.roomId, k.name, k.rootKey, k.wrapKey, k.nonce, k.head, k.at]
}

/**
 * `signatureKnownGood` skips what this reader has verified before.
 * @throws FormatError when the bytes are no knock, or not signed by the key that they name.
 */
export function decodeKnock(bytes: Bytes, signatureKnownGood = false): Knock {
  const fields = Fields.decode(bytes, 9)
  if (fields.unsigned() !== protocolVersion) throw new FormatError('knock of another version')
  const knock = {
    roomId: fields.fixed(hashBytes),
    name: userNameField(fields),
    rootKey: fields.fixed(publicKeyBytes),
    wrapKey: fields.fixed(wrapKeyBytes),
    nonce: fields.fixed(knockNonceBytes),
    head: fields.fixed(hashBytes),
    at: fields.unsigned(),
  }
  const signature = fields.fixed(signatureBytes)
  const isSigned = () => verify(knock.rootKey, labels.knock, knockValues(knock), signature)
  if (!signatureKnownGood && !isSigned()) throw new FormatError('knock not signed')
  return knock
}

/** Identifies a knock: what an accept or reject names it by, and (its first 16 bytes) how the knocker finds his answer. */
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

/** Opens with whichever epoch's key it was sealed to. undefined for what is not a sealed knock for this room. */
export async function openKnock(
  roomId: Bytes,
  epochs: readonly EpochKeys[],
  sealed: Bytes,
): Promise<Bytes | undefined> {
  if (sealed.length > knockBytesMax) return undefined
  try {
    const fields = Fields.decode(sealed, 3)
    const epoch = fields.unsigned()
    const wrapped = { encapsulation: fields.fixed(encapsulationBytes), ciphertext: fields.bytes(knockBytesMax) }
    for (const keys of epochs) {
      if (keys.epoch !== epoch) continue
      const own = await unwrapperFromSeed(keys.knockSeed)
      const knock = await own.unwrap(wrapped, labels.knockSeal, [roomId, epoch])
      if (knock !== undefined) return knock
    }
    return undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
