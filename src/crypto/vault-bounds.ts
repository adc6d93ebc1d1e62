/**
 * A vault within its bounds, so that it can always be written: what is worth least goes first. Of rooms, those that the
 * person has nothing to do with any more; of pins, replaced keys, then unverified ones, the oldest first. The result
 * depends on the contents and on which keys share a room, so two machines let go of the same.
 */
import { compareBytes, type Bytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { vaultBytesMax, vaultEnvelopeBytes, vaultPinsMax, vaultRoomsMax, vaultSeedsMax } from '../base/limits.ts'
import {
  encodeVaultBody,
  pinValue,
  type Pin,
  type VaultBody,
  type VaultRoom,
  type VaultStanding,
} from './vault-body.ts'

/** So many pins of the longest names fit in beside everything else. */
const pinsAlwaysFit = 1024

export interface Neighbours {
  /** What is new stays before other unverified pins. */
  readonly before?: VaultBody
  /** Whether a key is that of someone with whom this person shares a room. */
  readonly sharesRoom?: (rootKey: Bytes) => boolean
}

export function fitVault(body: VaultBody, neighbours: Neighbours = {}): VaultBody {
  const rooms = body.rooms.length > vaultRoomsMax ? fitRooms(body.rooms) : body.rooms
  const fitted = {
    ...body,
    rooms,
    formerRootSeeds: body.formerRootSeeds.slice(0, vaultSeedsMax),
    wrapSeeds: body.wrapSeeds.slice(0, vaultSeedsMax),
  }
  return body.pins.length > pinsAlwaysFit ? { ...fitted, pins: fitPins(fitted, neighbours) } : fitted
}

const worth: Record<VaultStanding, number> = {
  stranger: 0,
  rejected: 1,
  left: 2,
  kicked: 2,
  waiting: 3,
  member: 4,
}

/** Whether the person is in this room or asks to be. */
export function isCurrent({ standing }: VaultRoom): boolean {
  return worth[standing] >= worth.waiting
}

function fitRooms(rooms: readonly VaultRoom[]): readonly VaultRoom[] {
  return rooms
    .toSorted((a, b) => worth[b.standing] - worth[a.standing] || compareBytes(a.roomId, b.roomId))
    .slice(0, vaultRoomsMax)
}

function fitPins(body: VaultBody, { before, sharesRoom }: Neighbours): readonly Pin[] {
  const standing = new Set(before?.pins ?? body.pins)
  const rank = (pin: Pin): number => {
    if (pin.retired) return 0
    if (pin.confirmed) return 4
    if (!standing.has(pin)) return 3
    return sharesRoom?.(pin.rootKey) === true ? 2 : 1
  }
  let bytes = vaultBytesMax - vaultEnvelopeBytes - encodeVaultBody({ ...body, pins: [] }).length
  const sized = body.pins.map((pin) => ({ pin, rank: rank(pin), size: encode(pinValue(pin)).length }))
  const total = sized.reduce((sum, { size }) => sum + size, 0)
  if (sized.length <= vaultPinsMax && total <= bytes) return body.pins
  const since = ({ retired, decidedAt, firstSeenAt }: Pin): number => (retired ? decidedAt : firstSeenAt)
  return sized
    .sort((a, b) => b.rank - a.rank || since(b.pin) - since(a.pin) || compareBytes(a.pin.rootKey, b.pin.rootKey))
    .slice(0, vaultPinsMax)
    .filter(({ size }) => (bytes -= size) >= 0)
    .map(({ pin }) => pin)
}
