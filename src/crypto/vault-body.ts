/**
 * What a vault holds, and its one encoding: positional deterministic CBOR, lists in a fixed order, every part bounded.
 *
 * Lists that are sets (rooms, pins, secrets) are sorted by the encoding of their items, so equal contents have equal
 * bytes, whatever order they were collected in.
 */
import type { Bytes } from '../base/bytes.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import { encode, Fields, FormatError, type Value } from '../base/codec.ts'
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

export interface VaultBody {
  /** Of the Ed25519 root key in force. */
  readonly rootSeed: Bytes
  /** Of root keys that were replaced, newest first. */
  readonly formerRootSeeds: readonly Bytes[]
  /** Of the HPKE keys, newest first: the first is in force, the others still open what was wrapped for them. */
  readonly wrapSeeds: readonly Bytes[]
  /** How often the keys were replaced; that of the name record. */
  readonly generation: number
  readonly rooms: readonly VaultRoom[]
  readonly pins: readonly Pin[]
  /** Epoch secrets that a later device could not recover from the log. */
  readonly secrets: readonly VaultSecret[]
}

export const vaultStandings = ['stranger', 'waiting', 'rejected', 'member', 'left', 'kicked', 'invited'] as const
export type VaultStanding = (typeof vaultStandings)[number]

export interface VaultRoom {
  readonly roomId: Bytes
  readonly name: string
  /** Ordinal of one's own acceptance; null before it. */
  readonly memberIndex: number | null
  /** Of the knock that is waiting for an answer. */
  readonly knockHash: Bytes | null
  readonly standing: VaultStanding
  /** The newest valid control record seen; null when none was. It never goes back. */
  readonly head: VaultHead | null
}

export interface VaultHead {
  readonly n: number
  readonly hash: Bytes
}

/** A key as first seen under a name. */
export interface Pin {
  readonly rootKey: Bytes
  readonly name: string
  /** Milliseconds since the Unix epoch, by this person's own clock. */
  readonly firstSeenAt: number
  /** The person compared the fingerprint. */
  readonly confirmed: boolean
  /** The person said that the name belongs to another key now. */
  readonly retired: boolean
  /** When `confirmed` or `retired` was last decided, in milliseconds; 0 when never. */
  readonly decidedAt: number
}

export interface VaultSecret {
  readonly roomId: Bytes
  readonly epoch: number
  readonly secret: Bytes
}

const bodyVersion = 1
const secretBytes = 32

/** @throws FormatError when a part is out of its bounds or stands twice. */
export function encodeVaultBody(body: VaultBody): Bytes {
  const bytes = encode([
    bodyVersion,
    body.rootSeed,
    body.formerRootSeeds,
    body.wrapSeeds,
    body.generation,
    sorted(body.rooms.map(roomValue)),
    sorted(body.pins.map(pinValue)),
    sorted(body.secrets.map(secretValue)),
  ])
  // What is written is read back first: a vault that could not be opened again must never replace one that can.
  decodeVaultBody(bytes)
  return bytes
}

/** @throws FormatError */
export function decodeVaultBody(bytes: Uint8Array): VaultBody {
  const fields = Fields.decode(bytes, 8)
  if (fields.unsigned() !== bodyVersion) throw new FormatError('a vault body of another version')
  const rootSeed = fields.fixed(seedBytes)
  const formerRootSeeds = readSeeds(fields, seedBytes)
  const wrapSeeds = readSeeds(fields, wrapSeedBytes)
  if (wrapSeeds.length === 0) throw new FormatError('a vault without a wrap key')
  return {
    rootSeed,
    formerRootSeeds,
    wrapSeeds,
    generation: fields.unsigned(),
    rooms: readSorted(fields, vaultRoomsMax, readRoom, (room) => [room.roomId]),
    pins: readSorted(fields, vaultPinsMax, readPin, (pin) => [skeleton(pin.name), pin.rootKey]),
    secrets: readSorted(fields, vaultSecretsMax, readSecret, (item) => [item.roomId, item.epoch, item.secret]),
  }
}

export function roomValue({ roomId, name, memberIndex, knockHash, standing, head }: VaultRoom): Value {
  const headValue = head === null ? null : [head.n, head.hash]
  return [roomId, name, memberIndex, knockHash, vaultStandings.indexOf(standing), headValue]
}

function readRoom(value: Value): VaultRoom {
  const fields = new Fields(value, 6)
  return {
    roomId: fields.fixed(hashBytes),
    name: fields.text(roomNameCharsMax),
    memberIndex: fields.nullable((at) => at.unsigned()),
    knockHash: fields.nullable((at) => at.fixed(hashBytes)),
    standing: vaultStandings[fields.unsigned(vaultStandings.length - 1)] as VaultStanding,
    head: fields.nullable((at) => readHead(at.next())),
  }
}

function readHead(value: Value): VaultHead {
  const fields = new Fields(value, 2)
  return { n: fields.unsigned(), hash: fields.fixed(hashBytes) }
}

export function pinValue({ rootKey, name, firstSeenAt, confirmed, retired, decidedAt }: Pin): Value {
  return [name, rootKey, firstSeenAt, confirmed, retired, decidedAt]
}

function readPin(value: Value): Pin {
  const fields = new Fields(value, 6)
  return {
    name: fields.text(userNameCharsMax),
    rootKey: fields.fixed(publicKeyBytes),
    firstSeenAt: fields.unsigned(),
    confirmed: fields.boolean(),
    retired: fields.boolean(),
    decidedAt: fields.unsigned(),
  }
}

export function secretValue({ roomId, epoch, secret }: VaultSecret): Value {
  return [roomId, epoch, secret]
}

function readSecret(value: Value): VaultSecret {
  const fields = new Fields(value, 3)
  return { roomId: fields.fixed(hashBytes), epoch: fields.unsigned(), secret: fields.fixed(secretBytes) }
}

function readSeeds(fields: Fields, length: number): Bytes[] {
  return fields.array(vaultSeedsMax).map((item) => {
    if (!(item instanceof Uint8Array) || item.length !== length) throw new FormatError(`expected ${length} bytes`)
    return item as Bytes
  })
}

function sorted(values: readonly Value[]): Value[] {
  return values
    .map((value) => ({ value, key: encode(value) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ value }) => value)
}

function readSorted<T>(fields: Fields, max: number, read: (value: Value) => T, identity: (item: T) => Value): T[] {
  const values = fields.array(max)
  const keys = values.map((value) => encode(value))
  if (keys.some((key, k) => k > 0 && compareBytes(keys[k - 1] as Bytes, key) >= 0))
    throw new FormatError('not in order')
  const items = values.map(read)
  const identities = items.map((item) => encode(identity(item))).sort(compareBytes)
  if (identities.some((id, k) => k > 0 && equalBytes(identities[k - 1] as Bytes, id)))
    throw new FormatError('stands twice')
  return items
}
