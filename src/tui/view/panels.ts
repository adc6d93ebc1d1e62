/** The panels beside the messages: rooms with their unread counts, and members. Pure. */
import { isForYou } from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { joinedRooms, roomLabel } from '../state/room-list.ts'
import type { ChatPage, State } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { colourOf, span } from '../text/style.ts'
import { padEnd } from '../text/width.ts'
import { shownName, twinsOf } from './shown-name.ts'

const dim: Style = { dim: true }

export function roomLines(state: State, openId: string, columns: number, rows: number): readonly Line[] {
  const rooms = joinedRooms(state.rooms)
  const invitations = state.rooms.filter(({ standing }) => standing === 'invited')
  const lines = [
    ...rooms.map((room) => roomLine(room, roomLabel(room, state.rooms), room.id === openId, columns)),
    ...invitations.map((room) => invitationLine(roomLabel(room, state.rooms), columns)),
  ]
  return clip(
    lines,
    rooms.findIndex((room) => room.id === openId),
    rows,
  )
}

function roomLine(room: RoomSummary, label: string, open: boolean, columns: number): Line {
  const count = open ? requestsOf(room) : countOf(room)
  const urgent = room.attention.some(isForYou)
  const style: Style = open ? { bold: true } : room.attention.length > 0 ? {} : dim
  return [
    span(open ? '›' : ' ', { bold: true }),
    span(padEnd(label, columns - count.length - 2), style),
    span(count, urgent ? { colour: 'yellow', bold: true } : { bold: true }),
    span(' '),
  ]
}

function invitationLine(label: string, columns: number): Line {
  const word = ' new'
  return [span(` ${padEnd(label, columns - word.length - 2)}`), span(word, { colour: 'yellow', bold: true }), span(' ')]
}

/** ` 3`, with an exclamation mark where some are for this person; ` +1` for one who asks to join. */
function countOf(room: RoomSummary): string {
  if (room.unread === 0) return requestsOf(room)
  const some = room.attention.some(({ kind }) => kind === 'mention' || kind === 'direct')
  return ` ${room.unread > 999 ? '999+' : room.unread}${some ? '!' : ''}${requestsOf(room)}`
}

function requestsOf({ attention }: RoomSummary): string {
  const requests = attention.find(({ kind }) => kind === 'request')
  return requests === undefined ? '' : ` +${requests.count}`
}

export function memberLines(page: ChatPage, columns: number, rows: number): readonly Line[] {
  const { room } = page
  const twins = twinsOf(page)
  const changed = new Set(room.changedKeys.map(({ fingerprint }) => fingerprint))
  const members = room.members.toSorted((a, b) => Number(b.role === 'admin') - Number(a.role === 'admin'))
  const lines = members.map((member): Line => {
    const admin = member.role === 'admin'
    const name = shownName(member, twins)
    const role = admin && name.length + 7 <= columns - 1 ? ' admin' : admin ? ' *' : ''
    const warned = changed.has(member.fingerprint)
    return [
      span(warned ? '!' : ' ', { colour: 'red', bold: true }),
      span(padEnd(name, Math.min(name.length, columns - 2 - role.length)), {
        colour: warned ? 'red' : colourOf(member.fingerprint),
      }),
      span(role, dim),
    ]
  })
  if (lines.length <= rows) return lines
  return [...lines.slice(0, rows - 1), [span(` +${lines.length - rows + 1} more`, dim)]]
}

/** A slice of the lines that includes the one at `index`. */
function clip(lines: readonly Line[], index: number, rows: number): readonly Line[] {
  if (lines.length <= rows) return lines
  const first = Math.max(0, Math.min(index - (rows >> 1), lines.length - rows))
  return lines.slice(first, first + rows)
}
