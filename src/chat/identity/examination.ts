/** What can be said about a store, and about an identity's data in a home, without a passphrase: for diagnosis. */
import { fromHex, hex, textOf, utf8, type Bytes } from '../../base/bytes.ts'
import { Fields } from '../../base/codec.ts'
import { userNameCharsMax } from '../../base/limits.ts'
import { fingerprint } from '../../crypto/fingerprint.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { publicKeyBytes } from '../../crypto/sign.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { vaultHeader } from '../../crypto/vault.ts'
import { descendsFrom } from '../../protocol/name-record.ts'
import { incarnationKey, vaultKey } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import { checkNotMoved } from '../connection/store-identity.ts'
import {
  checkpointKey,
  identityKey,
  localVaultKey,
  outboxesRange,
  passwordChangeKey,
  roomDataRange,
  roomsRange,
} from '../home/local-paths.ts'
import { readLocal } from '../home/local-value.ts'
import { readOne } from '../../store/read-one.ts'
import { lookUpName } from './registry.ts'
import { readSeen } from './vault-copy.ts'

/** Whether the store has been used yet. @throws closed when it has moved, unavailable, … */
export async function examineStore(store: Store, signal?: AbortSignal): Promise<'used' | 'new'> {
  const entry = await readOne(store, incarnationKey, signal)
  if (entry === undefined) return 'new'
  checkNotMoved(entry.value)
  return 'used'
}

export interface HomeExamination {
  /** As written when the name was registered. */
  readonly name: string
  /** Absent: the sign-up was interrupted. */
  readonly fingerprint: string | undefined
  readonly rootKey: Bytes | undefined
  readonly lastUsedAt: number
  /** Rooms with a copy here, by id, and how many records each has. */
  readonly rooms: readonly { readonly id: string; readonly records: number }[]
  /** Messages waiting to be sent. */
  readonly waiting: number
  /** A passphrase change has not reached the store. */
  readonly changing: boolean
}

/** undefined: there is no identity. */
export async function examineHome(home: Store): Promise<HomeExamination | undefined> {
  const vault = await readOne(home, localVaultKey)
  const header = vault && vaultHeader(vault.value)
  if (header === undefined) return undefined
  const entry = await readOne(home, identityKey)
  const known = entry && readLocal('an identity', () => readIdentity(entry.value))
  const { start, end } = outboxesRange
  const { entries } = await home.range(start, end, { keysOnly: true })
  return {
    name: header.name,
    fingerprint: known && fingerprint(known.rootKey),
    rootKey: known?.rootKey,
    lastUsedAt: known?.lastUsedAt ?? 0,
    rooms: await copiedRooms(home),
    waiting: entries.length,
    changing: (await readOne(home, passwordChangeKey)) !== undefined,
  }
}

/** Jumps from room to room, without walking their records. */
async function copiedRooms(home: Store): Promise<{ id: string; records: number }[]> {
  const rooms = []
  let from: Bytes | undefined = roomsRange.start
  while (from !== undefined) {
    const { entries } = await home.range(from, roomsRange.end, { limit: 1, keysOnly: true })
    const [first] = entries
    if (first === undefined) return rooms
    const id = textOf(first.key.subarray(roomsPrefixBytes, roomsPrefixBytes + 2 * hashBytes))
    const roomId = fromHex(id)
    const checkpoint = await readOne(home, checkpointKey(roomId))
    const records = checkpoint
      ? readLocal('the copy of a room', () => Fields.decode(checkpoint.value, 3).unsigned())
      : 0
    rooms.push({ id: hex(roomId), records })
    from = roomDataRange(roomId).end
  }
  return rooms
}

const roomsPrefixBytes = utf8('rooms/').length

function readIdentity(value: Bytes): { rootKey: Bytes; lastUsedAt: number } {
  const fields = Fields.decode(value, 3)
  fields.text(userNameCharsMax)
  return { rootKey: fields.fixed(publicKeyBytes), lastUsedAt: fields.unsigned() }
}

export type CopyExamination =
  | 'there'
  | 'missing'
  /** Older than one that this home has seen. */
  | 'older'
  | 'damaged'
  /** The name is not registered in this store, or belongs to someone else there. */
  | 'another-store'

export async function examineCopy(
  home: Store,
  store: Store,
  { name, rootKey }: HomeExamination,
  signal?: AbortSignal,
): Promise<CopyExamination> {
  const record = await lookUpName(store, name, signal)
  if (record === undefined || rootKey === undefined || !descendsFrom(record, rootKey)) return 'another-store'
  const entry = await readOne(store, vaultKey(skeleton(name)), signal)
  if (entry === undefined) return 'missing'
  const header = vaultHeader(entry.value)
  if (header === undefined) return 'damaged'
  return header.sequence < (await readSeen(home)) ? 'older' : 'there'
}
