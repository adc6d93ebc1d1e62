/**
 * An epoch has one random 32-byte secret, and every key used in it is derived from that secret and the
 * epoch's place in the chain: the room, the epoch's number, the hash of the control record before its opening.
 */
import { derive } from '../crypto/derive.ts'
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { open, seal, sealKey, type SealKey } from '../crypto/seal.ts'
import { encode } from '../base/codec.ts'
import type { Random } from '../crypto/random.ts'
import { labels } from './version.ts'

export const epochSecretBytes = 32

export interface EpochKeys {
  readonly epoch: number
  readonly before: Bytes
  readonly secret: Bytes
  readonly message: SealKey
  readonly body: SealKey
  readonly link: SealKey
  /** In the header of the record that opens the epoch: commits to the secret, so that one ciphertext can't open to two texts. */
  readonly confirm: Bytes
  /** Seed of the key pair that knocks are sealed to. */
  readonly knockSeed: Bytes
}

/** `before`: hash of the control record before the one that opens the epoch; zeros for genesis. */
export function epochKeys(roomId: Bytes, epoch: number, before: Bytes, secret: Bytes): EpochKeys {
  const key = (label: string) => derive(secret, label, roomId, epoch, before)
  return {
    epoch,
    before,
    secret,
    message: sealKey(key(labels.epochMessage)),
    body: sealKey(key(labels.epochBody)),
    link: sealKey(key(labels.epochLink)),
    confirm: key(labels.epochConfirm),
    knockSeed: key(labels.epochKnock),
  }
}

/** The secret of epoch `to`, sealed under the link key of the later epoch `of`: a newcomer walks back to genesis. */
export interface EpochLink {
  readonly of: number
  readonly to: number
  readonly nonce: Bytes
  readonly sealed: Bytes
}

export function sealLink(roomId: Bytes, of: EpochKeys, to: EpochKeys, random: Random): EpochLink {
  const aad = encode([roomId, of.epoch, to.epoch])
  const { nonce, ciphertext } = seal(of.link, aad, to.secret, random)
  return { of: of.epoch, to: to.epoch, nonce, sealed: ciphertext }
}

/** What the header of an epoch's opening record says about it. */
export interface EpochOpening {
  readonly epoch: number
  readonly before: Bytes
  readonly confirm: Bytes
}

/** undefined unless the secret is the one that the opening record commits to. */
export function confirmedKeys(roomId: Bytes, opening: EpochOpening, secret: Bytes): EpochKeys | undefined {
  if (secret.length !== epochSecretBytes) return undefined
  const keys = epochKeys(roomId, opening.epoch, opening.before, secret)
  return equalBytes(keys.confirm, opening.confirm) ? keys : undefined
}

/** undefined for a link that does not lead to the epoch's true secret. */
export function openLink(roomId: Bytes, of: EpochKeys, link: EpochLink, to: EpochOpening): EpochKeys | undefined {
  if (link.to !== to.epoch) return undefined
  const secret = linkedSecret(roomId, of, link)
  return secret === undefined ? undefined : confirmedKeys(roomId, to, secret)
}

/** What a link leads to, unconfirmed. undefined when it is not sealed under this epoch's link key. */
export function linkedSecret(roomId: Bytes, of: EpochKeys, link: EpochLink): Bytes | undefined {
  if (link.of !== of.epoch) return undefined
  return open(of.link, link.nonce, encode([roomId, link.of, link.to]), link.sealed)
}
