/**
 * What a vault holds, and its one encoding: positional deterministic CBOR, lists in a fixed order, every part bounded.
 *
 * Lists that are sets (rooms, pins, secrets) are sorted by the encoding of their items, so equal contents have equal
 * bytes, in whatever order they were collected.
 */
import type { Bytes } from '../base/bytes.ts'
import { compareBytes } from '../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
import {
  boolean,
  fixed,
  list,
  nullable,
  readValue,
  text,
  tuple,
  unsigned,
  wordAt,
  type Format,
  type Held,
} from '../base/format.ts'
import {
  roomNameCharsMax,
  userNameCharsMax,
  vaultPinsMax,
  vaultRoomsMax,
  vaultSecretsMax,
  vaultSeedsMax,
} from '../base/limits.ts'
import { hashBytes } from './hash.ts'
import { publicKeyBytes, seedBytes } from './sign.ts'
import { skeleton } from './skeleton.ts'
import { wrapSeedBytes } from './wrap.ts'

const bodyVersion = 1
const secretBytes = 32

/** A person's relation to a room, encoded by its place in this list. */
export const vaultStandings = ['stranger', 'waiting', 'rejected', 'member', 'left', 'kicked'] as const
export type VaultStanding = (typeof vaultStandings)[number]

const head = tuple({ n: unsigned(), hash: fixed(hashBytes) })
export type VaultHead = Held<typeof head>

const room = tuple({
  roomId: fixed(hashBytes),
  name: text(roomNameCharsMax),
  /** The owner's ordinal of acceptance; null before it. */
  memberIndex: nullable(unsigned()),
  /** Of the knock that is waiting for an answer. */
  knockHash: nullable(fixed(hashBytes)),
  standing: wordAt(vaultStandings),
  /** The newest valid control record seen; null when none was. It never goes back. */
  head: nullable(head),
})
export type VaultRoom = Held<typeof room>

const pin = tuple({
  name: text(userNameCharsMax),
  rootKey: fixed(publicKeyBytes),
  /** Milliseconds since the Unix epoch, by the owner's clock. */
  firstSeenAt: unsigned(),
  /** The owner compared the fingerprint. */
  confirmed: boolean,
  /** The owner said that the name belongs to another key now. */
  retired: boolean,
  /** When `confirmed` or `retired` was last decided, in milliseconds; 0 when never. */
  decidedAt: unsigned(),
})
/** A key as first seen under a name. */
export type Pin = Held<typeof pin>

const secret = tuple({ roomId: fixed(hashBytes), epoch: unsigned(), secret: fixed(secretBytes) })
export type VaultSecret = Held<typeof secret>

const body = tuple({
  /** Of the Ed25519 root key in force. */
  rootSeed: fixed(seedBytes),
  /** Of root keys that were replaced, newest first. */
  formerRootSeeds: list(fixed(seedBytes), vaultSeedsMax),
  /** Of the HPKE keys, newest first: the first is in force, the others still open what was wrapped for them. */
  wrapSeeds: list(fixed(wrapSeedBytes), vaultSeedsMax),
  /** How often the keys were replaced; that of the name record. */
  generation: unsigned(),
  rooms: sortedSet(room, vaultRoomsMax, ({ roomId }) => [roomId]),
  pins: sortedSet(pin, vaultPinsMax, ({ name, rootKey }) => [skeleton(name), rootKey]),
  /** Epoch secrets that a later device could not recover from the log. */
  secrets: sortedSet(secret, vaultSecretsMax, (item) => secret.values(item)),
})
export type VaultBody = Held<typeof body>

/** @throws FormatError when a part is out of its bounds or occurs twice. */
export function encodeVaultBody(item: VaultBody): Bytes {
  const bytes = encode([bodyVersion, ...body.values(item)])
  // What is written is read back first: a vault that could not be opened again must never replace one that can.
  decodeVaultBody(bytes)
  return bytes
}

/** @throws FormatError */
export function decodeVaultBody(bytes: Uint8Array): VaultBody {
  const fields = Fields.decode(bytes, body.count + 1)
  if (fields.unsigned() !== bodyVersion) throw new FormatError('a vault body of another version')
  const item = body.readAll(fields)
  if (item.wrapSeeds.length === 0) throw new FormatError('a vault without a wrap key')
  return item
}

export function pinValue(item: Pin): Value {
  return pin.write(item)
}

export function roomValue(item: VaultRoom): Value {
  return room.write(item)
}

/** A set: sorted by the encodings of its items, no two of which have one identity. */
function sortedSet<T>(format: Format<T>, max: number, identity: (item: T) => Value): Format<readonly T[]> {
  return {
    write: (items) =>
      items
        .map((item) => {
          const value = format.write(item)
          return { value, key: encode(value) }
        })
        .sort((a, b) => compareBytes(a.key, b.key))
        .map(({ value }) => value),
    read(fields) {
      const values = fields.array(max)
      if (!isRising(values.map((value) => encode(value)))) throw new FormatError('not in order')
      const items = values.map((value) => readValue(format, value))
      if (!isRising(items.map((item) => encode(identity(item))).sort(compareBytes)))
        throw new FormatError('occurs twice')
      return items
    },
  }
}

function isRising(keys: readonly Bytes[]): boolean {
  return keys.every((key, k) => k === 0 || compareBytes(keys[k - 1] as Bytes, key) < 0)
}
