/** The list of rooms: those that this person knows, in their current state if they are open, and listed ones. */
import { hex } from '../../base/bytes.ts'
import type { VaultRoom } from '../../crypto/vault-body.ts'
import type { Room, RoomSummary } from '../chat.ts'
import { isUncreated } from './create-room.ts'
import type { Listed } from '../people/directory.ts'

/** @param opened by id. @returns sorted by name */
export function roomList(
  remembered: readonly VaultRoom[],
  opened: ReadonlyMap<string, Room & { readonly mentions: number }>,
  listed: readonly Listed[],
): readonly RoomSummary[] {
  const known = remembered.filter((one) => one.standing !== 'stranger' && !isUncreated(one))
  const own = known.map(({ roomId, name, standing }): RoomSummary => {
    const room = opened.get(hex(roomId))
    return {
      name: room?.name ?? name,
      id: hex(roomId),
      standing: room?.standing ?? standing,
      unread: room?.unread ?? 0,
      mentions: room?.mentions ?? 0,
      members: room?.standing === 'member' ? room.members.length : 0,
    }
  })
  const ids = new Set(own.map(({ id }) => id))
  const others = listed
    .filter(({ roomId }) => !ids.has(hex(roomId)))
    .map(({ roomId, name }): RoomSummary => {
      return { name, id: hex(roomId), standing: 'stranger', unread: 0, mentions: 0, members: 0 }
    })
  return [...own, ...others].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
}
