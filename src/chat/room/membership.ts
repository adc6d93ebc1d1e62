/** Who is a member, and who is an admin. */
import type { Done, Which } from '../chat.ts'
import { unlist } from '../people/directory.ts'
import { memberNamed, memberOrInvited } from '../people/people.ts'
import { writeChange, type RoomContext } from './room-context.ts'

export function kick(room: RoomContext, name: string, { fingerprint }: Which, signal?: AbortSignal): Promise<Done> {
  return writeChange(room, (state) => ({ type: 'kick', rootKey: memberOrInvited(state, name, fingerprint).rootKey }), {
    signal,
  })
}

export async function leave(room: RoomContext, signal?: AbortSignal): Promise<Done> {
  const done = await writeChange(room, () => ({ type: 'leave' }), { signal })
  // No one is left who could answer a request.
  const { store, roomId } = room.parts
  if (room.state?.members.size === 0) await unlist(store, roomId, room.name, 'with-card')
  return done
}

export function setAdmin(
  room: RoomContext,
  type: 'promote' | 'demote',
  name: string,
  { fingerprint }: Which,
  signal?: AbortSignal,
): Promise<Done> {
  return writeChange(room, (state) => ({ type, rootKey: memberNamed(state, name, fingerprint).rootKey }), { signal })
}
