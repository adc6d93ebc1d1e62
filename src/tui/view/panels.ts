/** The panels beside the messages: rooms in sections, with numbers and unread counts; and members. Pure. */
import { isForYou, isMuted } from '../../chat/attention.ts'
import type { Member, RoomSummary } from '../../chat/chat.ts'
import { foldPage } from '../state/fold.ts'
import { roomLabel } from '../../chat/room-label.ts'
import { sidebarRows, type SidebarRow } from '../state/sidebar.ts'
import type { ChatPage, State } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { ageText } from '../text/time.ts'
import { padEnd, padStart, truncate, widthOf } from '../text/width.ts'
import { nameColours } from './name-colours.ts'
import { shownName } from './shown-name.ts'

const dim: Style = { dim: true }
/** Beside a name: this person has compared that key. */
const verifiedMark = '✓'
/** Before a name: that person has the room open. */
const hereMark = '●'
/** Of a room that announces nothing. */
const mutedMark = '⊘'

export function roomLines(state: State, page: ChatPage, columns: number, rows: number): readonly Line[] {
  const openId = page.room.id
  const shown = rowsFor(state, page, rows)
  const digits = String(Math.max(0, ...shown.map((row) => (row.kind === 'room' ? row.number : 0)))).length
  const isOpen = (row: SidebarRow): boolean => row.kind === 'room' && row.room.id === openId
  const lines = shown.map((row) => {
    const line = rowLine(state, row, isOpen(row), digits, columns)
    return row.kind === 'heading' ? line : clickable(line, { kind: row.kind, roomId: row.room.id })
  })
  const first = firstOf(shown, page, rows)
  return lines.slice(first, first + rows)
}

/** Where not all fit, rooms come before headings. */
function rowsFor(state: State, page: ChatPage, rows: number): readonly SidebarRow[] {
  const all = sidebarRows(state, page.room.id)
  return all.length <= rows ? all : all.filter(({ kind }) => kind !== 'heading')
}

/** The first row shown after scrolling by some; unscrolled, the open room is among those shown. */
export function firstRoom(state: State, page: ChatPage, rows: number, steps: number): number {
  return firstOf(rowsFor(state, page, rows), page, rows, steps)
}

function firstOf(all: readonly SidebarRow[], page: ChatPage, rows: number, steps = 0): number {
  const open = all.findIndex((row) => row.kind === 'room' && row.room.id === page.room.id)
  const from = page.roomsFrom ?? clamp(open - (rows >> 1), all.length - rows)
  return clamp(from + steps, all.length - rows)
}

export function firstMember({ room, membersFrom = 0 }: ChatPage, rows: number, steps = 0): number {
  return clamp(membersFrom + steps, room.members.length - rows)
}

function clamp(from: number, last: number): number {
  return Math.max(0, Math.min(from, last))
}

/** On screens from this wide on, rooms have the age of their newest message beside them, in so many columns. */
const agesFromColumns = 110
const ageColumns = 7

export function ageColumnsOf({ size }: State): number {
  return size.columns >= agesFromColumns ? ageColumns : 0
}

const urgentStyle: Style = { colour: 'yellow', bold: true }

function rowLine(state: State, row: SidebarRow, open: boolean, digits: number, columns: number): Line {
  switch (row.kind) {
    case 'heading':
      return [span(` ${row.text}`, dim)]
    case 'room':
      return roomLine(
        row,
        roomLabel(row.room, state.rooms),
        { open, muted: isMuted(state.notify, row.room.id), age: ageOf(state, row.room) },
        digits,
        columns,
      )
    case 'requests': {
      const { count, by } = row.requests
      const who = count === 1 ? by.name : `${count} ask`
      return [span('  '), span(`${who} → ${roomLabel(row.room, state.rooms)}`, urgentStyle)]
    }
    case 'invitation': {
      const word = ' invite'
      const label = padEnd(roomLabel(row.room, state.rooms), Math.max(1, columns - 3 - word.length))
      return [span('  '), span(label), span(word, urgentStyle), span(' ')]
    }
  }
}

function roomLine(
  { room, number }: SidebarRow & { kind: 'room' },
  label: string,
  { open, muted, age }: { readonly open: boolean; readonly muted: boolean; readonly age: string },
  digits: number,
  columns: number,
): Line {
  const count = open ? requestsOf(room) : countOf(room)
  const urgent = room.attention.some(isForYou)
  const isCalling = muted ? urgent : room.attention.length > 0
  const style: Style = open ? { bold: true } : isCalling ? {} : dim
  const space = Math.max(1, columns - count.length - age.length - digits - 3)
  const mark = `${room.verified === true ? ` ${verifiedMark}` : ''}${muted ? ` ${mutedMark}` : ''}`
  const name = truncate(label, Math.max(1, space - mark.length))
  return [
    span(open ? '›' : ' ', { bold: true }),
    span(`${padStart(String(number), digits)} `, dim),
    span(name, style),
    span(mark, muted ? dim : { colour: 'green' }),
    span(' '.repeat(Math.max(0, space - widthOf(name) - mark.length))),
    span(count, urgent ? urgentStyle : muted ? dim : { bold: true }),
    span(age, dim),
    span(' '),
  ]
}

function ageOf(state: State, { newestAt }: RoomSummary): string {
  const columns = ageColumnsOf(state)
  return (newestAt === undefined ? '' : ageText(newestAt, state.now)).slice(0, columns).padStart(columns)
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
  const { namesakes } = foldPage(page)
  const colourOf = nameColours(room.members)
  const changed = new Set(room.changedKeys.map(({ fingerprint }) => fingerprint))
  const members = room.members.toSorted((a, b) => rank(b) - rank(a))
  const lines = members.map((member): Line => {
    const admin = member.role === 'admin'
    const whole = namesakes.nameOf(member)
    const warned = changed.has(member.fingerprint)
    const ignored = Object.hasOwn(page.ignored, member.fingerprint)
    const verified = member.verified === true && !warned ? ` ${verifiedMark}` : ''
    const mark = `${verified}${ignored ? ` ${mutedMark}` : ''}`
    const role = admin && whole.length + mark.length + 7 <= columns - 1 ? ' admin' : admin ? ' *' : ''
    const name = shownName(member, namesakes, columns - 2 - mark.length - role.length)
    const line = [
      warned
        ? span('!', { colour: 'red', bold: true })
        : span(member.here === true ? hereMark : ' ', { colour: 'green' }),
      span(padEnd(name, Math.min(name.length, columns - 2 - mark.length - role.length)), {
        ...(ignored ? dim : {}),
        colour: warned ? 'red' : colourOf(member.fingerprint),
      }),
      span(mark, ignored ? dim : { colour: 'green' }),
      span(role, dim),
    ]
    return clickable(line, { kind: 'member', name: member.name, fingerprint: member.fingerprint })
  })
  const below = lines.slice(firstMember(page, rows))
  if (below.length <= rows) return below
  const more = [span(` +${below.length - rows + 1} more`, dim)]
  return [...below.slice(0, rows - 1), clickable(more, { kind: 'members' })]
}

/** Who is here first, and admins before the others. */
function rank({ here, role }: Member): number {
  return Number(here === true) * 2 + Number(role === 'admin')
}
