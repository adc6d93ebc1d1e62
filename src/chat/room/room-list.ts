/** The list of rooms: those that this person knows, in their current state if they are open, and listed ones. */
import { hex } from '../../base/bytes.ts'
import type { VaultRoom } from '../../crypto/vault-body.ts'
import { invitationAttention } from '../attention.ts'
import type { Room, RoomSummary, Standing } from '../chat.ts'
import { isUncreated } from './create-room.ts'
import type { Listed } from '../people/directory.ts'
import type { Invited } from '../people/invitations.ts'
import type { NamedKey } from '../people/pins.ts'
import { personOf } from '../timeline/items.ts'

/** @param opened by id. @returns sorted by name */
export function roomList(
  remembered: readonly VaultRoom[],
  opened: ReadonlyMap<
    string,
    Room & Pick<RoomSummary, 'mentions' | 'attention'> & { readonly newestAt: number | undefined }
  >,
  listed: readonly Listed[],
  invitations: readonly Invited[],
  isKnown: (person: NamedKey) => boolean,
): readonly RoomSummary[] {
  const known = remembered.filter((one) => one.standing !== 'stranger' && !isUncreated(one))
  const invitedTo = new Map(invitations.map((invited) => [hex(invited.roomId), invited]))
  const invitation = ({ by: inviter, direct, at }: Invited) => {
    const by = { ...personOf(inviter), known: isKnown(inviter) }
    return { standing: 'invited', invitedBy: by, attention: invitationAttention({ direct, at, by }) } as const
  }
  const own = known.map(({ roomId, name, standing: remembered }): RoomSummary => {
    const room = opened.get(hex(roomId))
    const standing = room?.standing ?? remembered
    const invited = isOut(standing) ? invitedTo.get(hex(roomId)) : undefined
    return {
      name: room?.name ?? name,
      id: hex(roomId),
      standing,
      unread: room?.unread ?? 0,
      mentions: room?.mentions ?? 0,
      attention: room?.attention ?? [],
      ...(room?.newestAt !== undefined && { newestAt: room.newestAt }),
      ...(invited && invitation(invited)),
      members: room?.standing === 'member' ? room.members.length : 0,
      ...(room?.name.startsWith('@') && room.members.some(({ verified }) => verified) && { verified: true }),
    }
  })
  const ids = new Set(own.map(({ id }) => id))
  const none = { unread: 0, mentions: 0, members: 0, attention: [] }
  const guests = [...invitedTo].flatMap(([id, invited]): RoomSummary[] => {
    return ids.has(id) ? [] : [{ name: nameOf(invited), id, ...none, ...invitation(invited) }]
  })
  const others = listed.flatMap(({ roomId, name }): RoomSummary[] => {
    const id = hex(roomId)
    return ids.has(id) || invitedTo.has(id) ? [] : [{ name, id, standing: 'stranger', ...none }]
  })
  return [...own, ...guests, ...others].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
}

function isOut(standing: Standing): boolean {
  return standing === 'left' || standing === 'kicked' || standing === 'rejected'
}

/** As it is shown and typed before its log was read. */
export function nameOf({ direct, roomName, by }: Invited): string {
  return direct ? `@${by.name}` : roomName
}
