/** The rows beside the messages: what needs the person first, then rooms and direct messages by number. Pure. */
import { byUrgency, isForYou, isLasting, isMuted, type Attention } from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { numberedRooms } from './room-list.ts'
import type { State } from './state.ts'

export type SidebarRow =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'room'; readonly room: RoomSummary; readonly number: number }
  | { readonly kind: 'requests'; readonly room: RoomSummary; readonly requests: Attention }
  | { readonly kind: 'invitation'; readonly room: RoomSummary }

/** A pinned room stays above, and the open one in its section, whatever comes in them. Headings where there are several. */
export function sidebarRows(state: Pick<State, 'rooms' | 'places' | 'notify'>, openId: string): readonly SidebarRow[] {
  const { rooms, places, notify } = state
  const all = numberedRooms(state).map(({ room, number }) => ({ kind: 'room', room, number }) as const)
  const isPinned = ({ room }: { room: RoomSummary }): boolean => places[room.id]?.pinned === true
  const isUnread = (row: { room: RoomSummary }): boolean => {
    return (
      !isPinned(row) &&
      row.room.id !== openId &&
      messagesOf(row.room).some((one) => isForYou(one) || !isMuted(notify, row.room.id))
    )
  }
  const unread = all.filter(isUnread).toSorted((a, b) => urgency(b.room) - urgency(a.room) || age(a.room) - age(b.room))
  const rest = all.filter((row) => !isPinned(row) && !isUnread(row))
  const isDirect = ({ room }: { room: RoomSummary }): boolean => room.name.startsWith('@')
  const requests = byUrgency(rooms).flatMap(({ room, attention }): readonly SidebarRow[] => {
    return attention.kind === 'request' ? [{ kind: 'requests', room, requests: attention }] : []
  })
  const invitations = rooms.flatMap((room): readonly SidebarRow[] => {
    return room.standing === 'invited' ? [{ kind: 'invitation', room }] : []
  })
  const sections: readonly (readonly [string, readonly SidebarRow[]])[] = [
    ['Pinned', all.filter(isPinned)],
    ['Unread', unread],
    ['Requests', [...requests, ...invitations]],
    ['Rooms', rest.filter((row) => !isDirect(row))],
    ['Direct', rest.filter(isDirect)],
  ]
  const filled = sections.filter(([, rows]) => rows.length > 0)
  return filled.flatMap(([text, rows]) => (filled.length === 1 ? rows : [{ kind: 'heading', text }, ...rows]))
}

function messagesOf({ attention }: RoomSummary): readonly Attention[] {
  return attention.filter(({ kind }) => !isLasting(kind))
}

function urgency(room: RoomSummary): number {
  return Number(messagesOf(room).some(isForYou))
}

/** The newest first. */
function age(room: RoomSummary): number {
  return -Math.max(...messagesOf(room).map(({ newest }) => newest))
}
