/**
 * An epoch has one random 32-byte secret, and every key used in it is derived from that secret and the
 * epoch's place in the chain: the room, the epoch's number, the hash of the control record before its opening.
 */
import { derive } from '../crypto/derive.ts'
import { concat, equalBytes, type Bytes } from '../base/bytes.ts'
import { open, seal, sealKey, type SealKey } from '../crypto/seal.ts'
import { encode } from '../base/codec.ts'
import { hashBytes } from '../crypto/hash.ts'
import type { Random } from '../crypto/random.ts'
import { labels } from './version.ts'

export const epochSecretBytes = 32
/** A secret and where its epoch begins: all that its keys are derived from, beside the room and the epoch's number. */
export const epochSeedBytes = epochSecretBytes + hashBytes

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

export function epochSeed({ secret, before }: EpochKeys): Bytes {
  return concat(secret, before)
}

/** What a seed makes; undefined for other bytes. Whether there is such an epoch, its confirm tells. */
export function epochOfSeed(roomId: Bytes, epoch: number, seed: Bytes): EpochKeys | undefined {
  if (seed.length !== epochSeedBytes) return undefined
  return epochKeys(roomId, epoch, seed.slice(epochSecretBytes), seed.slice(0, epochSecretBytes))
}

/**
 * The seed of epoch `to`, sealed under the link key of a later one: a newcomer walks back to genesis. It names the key
 * that opens it, and needs nothing else to be matched with: each link is tried once.
 */
export interface EpochLink {
  /** The confirm of the epoch that it starts from. */
  readonly of: Bytes
  readonly to: number
  readonly nonce: Bytes
  readonly sealed: Bytes
}

export function sealLink(roomId: Bytes, of: EpochKeys, to: EpochKeys, random: Random): EpochLink {
  const aad = encode([roomId, of.confirm, to.epoch])
  const { nonce, ciphertext } = seal(of.link, aad, epochSeed(to), random)
  return { of: of.confirm, to: to.epoch, nonce, sealed: ciphertext }
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

/** What a link leads to: an earlier epoch, of this room or of its author's invention. */
export function followLink(roomId: Bytes, of: EpochKeys, link: EpochLink): EpochKeys | undefined {
  if (!equalBytes(link.of, of.confirm) || link.to >= of.epoch) return undefined
  const seed = open(of.link, link.nonce, encode([roomId, link.of, link.to]), link.sealed)
  return seed && epochOfSeed(roomId, link.to, seed)
}

/** undefined for a link that does not lead to the epoch's true secret. */
export function openLink(roomId: Bytes, of: EpochKeys, link: EpochLink, to: EpochOpening): EpochKeys | undefined {
  const keys = followLink(roomId, of, link)
  return keys?.epoch === to.epoch && equalBytes(keys.confirm, to.confirm) ? keys : undefined
}
