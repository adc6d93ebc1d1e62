/** The panels beside the messages: rooms with what is unread in them, and members. Pure. */
import type { RoomSummary } from '../../chat/chat.ts'
import type { RoomView } from '../state/harmless.ts'
import { joinedRooms, roomLabel } from '../state/room-list.ts'
import type { State } from '../state/state.ts'
import { colourOf } from '../text/palette.ts'
import type { Line, Style } from '../text/style.ts'
import { span } from '../text/style.ts'
import { padEnd } from '../text/width.ts'

const dim: Style = { dim: true }

export function roomLines(state: State, openId: string, columns: number, rows: number): readonly Line[] {
  const rooms = joinedRooms(state.rooms)
  const lines = rooms.map((room) => roomLine(room, roomLabel(room, state.rooms), room.id === openId, columns))
  return clip(
    lines,
    rooms.findIndex((room) => room.id === openId),
    rows,
  )
}

function roomLine(room: RoomSummary, label: string, open: boolean, columns: number): Line {
  const count = open ? '' : countOf(room)
  const style: Style = open ? { bold: true } : room.unread > 0 ? {} : dim
  return [
    span(open ? '›' : ' ', { bold: true }),
    span(padEnd(label, columns - count.length - 2), style),
    span(count, room.mentions > 0 ? { colour: 'yellow', bold: true } : { bold: true }),
    span(' '),
  ]
}

/** ` 3`, with an exclamation mark where one is mentioned. */
export function countOf(room: RoomSummary): string {
  if (room.unread === 0) return ''
  return ` ${room.unread > 999 ? '999+' : room.unread}${room.mentions > 0 ? '!' : ''}`
}

export function memberLines(room: RoomView, columns: number, rows: number): readonly Line[] {
  const members = room.members.toSorted((a, b) => Number(b.role === 'admin') - Number(a.role === 'admin'))
  const lines = members.map((member): Line => {
    const admin = member.role === 'admin'
    const role = admin && member.name.length + 7 <= columns - 1 ? ' admin' : admin ? ' *' : ''
    return [
      span(' '),
      span(padEnd(member.name, Math.min(member.name.length, columns - 2 - role.length)), {
        colour: colourOf(member.fingerprint),
      }),
      span(role, dim),
    ]
  })
  if (lines.length <= rows) return lines
  return [...lines.slice(0, rows - 1), [span(` +${lines.length - rows + 1} more`, dim)]]
}

/** A part of the lines that has the one at `index` in it. */
function clip(lines: readonly Line[], index: number, rows: number): readonly Line[] {
  if (lines.length <= rows) return lines
  const first = Math.max(0, Math.min(index - (rows >> 1), lines.length - rows))
  return lines.slice(first, first + rows)
}
