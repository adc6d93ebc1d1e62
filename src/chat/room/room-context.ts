/** What the operations on a room work with, and how they write: at once or not at all. */
import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { ConclaveError } from '../../base/errors.ts'
import { command } from '../../base/hint.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../crypto/random.ts'
import type { Signer } from '../../crypto/sign.ts'
import type { Operation as Change } from '../../protocol/operation.ts'
import type { Room as RoomState } from '../../protocol/room.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { Confirm, Done, Standing } from '../chat.ts'
import type { StoreConnection } from '../connection/store-connection.ts'
import type { StoreIdentity } from '../connection/store-identity.ts'
import type { HomeStore } from '../home/home.ts'
import type { Identity } from '../identity/identity.ts'
import type { Person } from '../item.ts'
import type { RoomLog } from '../log/room-log.ts'
import type { Appending } from '../outbox/append.ts'
import { operate } from '../outbox/operate.ts'
import type { Contact } from '../people/contacts.ts'
import type { Outbox } from '../outbox/outbox.ts'

export interface RoomParts {
  readonly store: Store
  readonly home: HomeStore
  readonly identity: Identity
  readonly outbox: Outbox
  readonly incarnation: StoreIdentity
  readonly roomId: Bytes
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Whether this identity belongs to this store. */
  isOurs(signal?: AbortSignal): Promise<boolean>
  /** Which key a name stands for. @throws no-such-user, unconfirmed-key */
  contact(name: string, confirm: Confirm): Promise<Contact>
  readonly connection: StoreConnection
  /** Counts, standing or name changed. */
  changed(): void
}

export interface RoomContext {
  readonly parts: RoomParts
  readonly log: RoomLog
  readonly name: string
  readonly state: RoomState | undefined
  readonly standing: Standing
  readonly endedBy: Person | undefined
  /** The vault's memory of the room is in sync with the chain when this resolves. */
  settleStanding(): Promise<void>
}

export interface Writing {
  /** Written in the same transaction. */
  readonly along?: readonly Operation[]
  readonly signal?: AbortSignal | undefined
}

/** @param change called again after each attempt that lost: the room may have changed by then */
export function writeChange(
  room: RoomContext,
  change: (state: RoomState) => Change,
  writing: Writing = {},
): Promise<Done> {
  const asMember = (state: RoomState): Change => {
    // Also after an attempt that lost: someone may have removed this person since.
    requireMember(room)
    return change(state)
  }
  return writeAs(room, room.parts.identity.signer, asMember, writing)
}

export async function writeAs(
  room: RoomContext,
  signer: Signer,
  change: (state: RoomState) => Change,
  { along = [], signal }: Writing = {},
): Promise<Done> {
  const { parts, log } = room
  const i = await operate({ ...parts, signer, appending: appendingTo(parts, log) }, change, along, signal)
  // Persist before acknowledging, whatever happens to the store.
  await log.replica.flush()
  await room.settleStanding()
  return { i }
}

export function appendingTo({ store, roomId, incarnation }: RoomParts, log: RoomLog): Appending {
  return { store, roomId, incarnation, log }
}

/** @throws kicked, not-member */
export function requireMember({ standing, name, endedBy }: RoomContext): void {
  if (standing === 'member') return
  if (standing === 'kicked') {
    throw new ConclaveError('kicked', `${endedBy?.name ?? 'An admin'} removed you from ${name}`, {
      hint: ['Ask to join again: ', command('join', name), '. An admin can let you in.'],
    })
  }
  throw new ConclaveError('not-member', `You are not a member of ${name}`, {
    hint: ['Ask to join: ', command('join', name)],
  })
}
