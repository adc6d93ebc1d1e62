/**
 * Finding rooms: listed names in the store, and the ways people can refer to a room. Names are hints; the id is exact.
 */
import { compareBytes, equalBytes, fromHex, hex, type Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { decode, encode, Fields, FormatError } from '../../base/codec.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import { listedRoomsMax, listingBytesMax, roomIdPrefixBitsMin, roomNameCharsMax } from '../../base/limits.ts'
import { hashBytes } from '../../crypto/hash.ts'
import { skeleton } from '../../crypto/skeleton.ts'
import { decodeCard, type Card } from '../../protocol/card.ts'
import { cardKey, directoryKey, directoryRange } from '../../protocol/paths.ts'
import type { Store } from '../../store/store.ts'
import { readOne } from '../../store/read-one.ts'
import { UntrustedRange, type EntryKey } from './untrusted-range.ts'

export interface Listed {
  readonly roomId: Bytes
  readonly name: string
}

export function listing({ roomId, name }: Listed): Bytes {
  return encode([roomId, name])
}

function readListing(value: Bytes): Listed | undefined {
  if (value.length > listingBytesMax) return undefined
  try {
    const fields = new Fields(decode(value), 2)
    return { roomId: fields.fixed(hashBytes), name: fields.text(roomNameCharsMax) }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** @throws name-taken when another room is listed under this name. */
export async function checkListable(store: Store, roomId: Bytes, name: string): Promise<void> {
  const standing = await readOne(store, directoryKey(skeleton(name)))
  if (standing !== undefined && !isListing(standing.value, roomId)) throw listedAlready(name)
}

/** Lists a room, unless it is listed already. @throws name-taken */
export async function list(store: Store, roomId: Bytes, name: string): Promise<void> {
  const key = directoryKey(skeleton(name))
  const { ok, reads } = await store.commit({
    if: [{ kind: 'revision', key, modRevision: 0 }],
    then: [{ kind: 'put', key, value: listing({ roomId, name }) }],
    else: [{ kind: 'read', key }],
  })
  const standing = reads[0]?.[0]
  if (!ok && (standing === undefined || !isListing(standing.value, roomId))) throw listedAlready(name)
}

function listedAlready(name: string): ConclaveError {
  return new ConclaveError('name-taken', `Another room is listed as ${name}, or under a name that looks like it`, {
    hint: 'People can join this one by its name and ID.',
  })
}

/** Unlists a room; another one of that name stays. */
export async function unlist(store: Store, roomId: Bytes, name: string, card?: 'with-card'): Promise<void> {
  const key = directoryKey(skeleton(name))
  const standing = await readOne(store, key)
  const listed = standing !== undefined && isListing(standing.value, roomId)
  if (!listed && card === undefined) return
  await store.commit({
    then: [
      ...(listed ? [{ kind: 'delete', key } as const] : []),
      ...(card === undefined ? [] : [{ kind: 'delete', key: cardKey(roomId) } as const]),
    ],
  })
}

function isListing(value: Bytes, roomId: Bytes): boolean {
  const listed = readListing(value)
  return listed !== undefined && equalBytes(listed.roomId, roomId)
}

/** The rooms that are listed: the oldest of them, as long as there are more than can be shown. */
export class Directory {
  readonly #range: UntrustedRange<Listed>

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#range = new UntrustedRange({
      store,
      clock,
      range: directoryRange,
      valueBytesMax: listingBytesMax,
      readMax: listedRoomsMax,
      // A later version may list rooms in another form.
      deletes: false,
      judge: async ({ value }) => readListing(value),
      choose: (unread) => this.#choose(unread),
      select: (held) => held.toSorted(oldestFirst).slice(0, listedRoomsMax),
    })
  }

  get rooms(): readonly Listed[] {
    return this.#range.held.map(({ item }) => item)
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#range.look(signal)
  }

  follow(signal: AbortSignal, changed: () => void): Promise<void> {
    return this.#range.follow(signal, changed)
  }

  #choose(unread: readonly EntryKey[]): readonly EntryKey[] {
    const { held } = this.#range
    const newest = held.length < listedRoomsMax ? Infinity : Math.max(...held.map((one) => one.createRevision))
    return unread.filter((one) => one.createRevision < newest).sort(oldestFirst)
  }
}

const oldestFirst = (a: EntryKey, b: EntryKey): number =>
  a.createRevision - b.createRevision || compareBytes(a.key, b.key)

/** How people refer to a room: `name`, `name#id-prefix`, or the whole id. */
export interface RoomRef {
  readonly name: string | undefined
  readonly idPrefix: string
}

/** @throws usage */
export function parseRoomRef(text: string): RoomRef {
  if (/^[0-9a-f]{64}$/.test(text)) return { name: undefined, idPrefix: text }
  const [name = '', idPrefix = '', ...rest] = text.split('#')
  if (rest.length > 0 || name === '' || !/^[0-9a-f]*$/.test(idPrefix)) {
    throw new ConclaveError('usage', `Not a room: ${text}`, { hint: 'Write its name, or name#id as rooms shows it.' })
  }
  if (idPrefix !== '' && idPrefix.length * 4 < roomIdPrefixBitsMin) {
    throw new ConclaveError('usage', `This ID is too short to be safe: ${idPrefix}`, {
      hint: `Give at least ${roomIdPrefixBitsMin / 4} digits.`,
    })
  }
  return { name, idPrefix }
}

export function matches({ name, idPrefix }: RoomRef, room: Listed): boolean {
  if (!hex(room.roomId).startsWith(idPrefix)) return false
  if (name === undefined) return true
  // A direct message is only meant if its @ is written.
  if (name.startsWith('@') !== room.name.startsWith('@')) return false
  return skeleton(name) === skeleton(room.name)
}

/** A room to ask to join, and its card. @throws no-such-room */
export async function findCard(
  store: Store,
  ref: RoomRef,
  signal?: AbortSignal,
): Promise<{ readonly roomId: Bytes; readonly card: Card }> {
  const roomId = ref.idPrefix.length === hashBytes * 2 ? fromHex(ref.idPrefix) : await listedId(store, ref, signal)
  const entry = roomId && (await readOne(store, cardKey(roomId), signal))
  if (roomId === undefined || entry === undefined) throw noSuchRoom(ref)
  try {
    return { roomId, card: decodeCard(roomId, entry.value) }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new ConclaveError('tampering', 'This room’s card is damaged or forged', { cause: error })
  }
}

async function listedId(store: Store, ref: RoomRef, signal?: AbortSignal): Promise<Bytes | undefined> {
  const entry = ref.name === undefined ? undefined : await readOne(store, directoryKey(skeleton(ref.name)), signal)
  const listed = entry && readListing(entry.value)
  return listed && matches(ref, listed) ? listed.roomId : undefined
}

export function noSuchRoom({ name, idPrefix }: RoomRef): ConclaveError {
  return new ConclaveError('no-such-room', `There is no room ${name ?? idPrefix}`, {
    hint: ['To list them: ', command('rooms'), '. To join an unlisted room, give its full ID.'],
  })
}
