/** The room list, and the page of a room that has not accepted this person yet. Pure. */
import { isForYou } from '../../chat/attention.ts'
import type { RoomSummary } from '../../chat/chat.ts'
import { count, declinedLabel } from '../../chat/wording.ts'
import type { Row } from '../state/room-list.ts'
import { roomRows, rowKey } from '../state/room-list.ts'
import type { RoomsPage, State, WaitingPage } from '../state/state.ts'
import type { Line, Style } from '../text/style.ts'
import { clickable, span } from '../text/style.ts'
import { ageText } from '../text/time.ts'
import { padEnd } from '../text/width.ts'
import { wrap } from '../text/wrap.ts'
import type { Frame } from './frame.ts'
import { pageFrame } from './frame.ts'
import { inputFooter } from './notices.ts'

const headings: Readonly<Record<Row['section'], string>> = {
  yours: 'Your rooms',
  invited: 'Invitations',
  waiting: 'Your requests to join',
  open: 'Rooms you can ask to join',
  closed: 'No access',
  create: '',
}

export function roomsView(state: State, page: RoomsPage): Frame {
  const { columns, rows } = state.size
  return pageFrame(state, {
    title: 'rooms',
    body: (space) => bodyLines(state, page, columns, space),
    keys: `Enter: open · type to search or create · /help · Esc: ${page.from === undefined ? 'quit' : 'back'}`,
    footer: inputFooter(state, page.editor, columns, Math.max(1, rows >> 3)),
  })
}

function bodyLines(state: State, page: RoomsPage, columns: number, space: number): readonly Line[] {
  const rows = roomRows(state.rooms, page.editor.text)
  const typed = page.editor.text.trim() !== '' && !page.editor.text.startsWith('/')
  if (rows.length === 0) return emptyLines(columns)
  const lines: Line[] = []
  let selectedAt = 0
  for (const [index, row] of rows.entries()) {
    if (!typed && rows[index - 1]?.section !== row.section) {
      lines.push([], [span(`   ${headings[row.section]}`, { dim: true })])
    }
    if (typed && index === 0) lines.push([])
    if (index === page.selected) selectedAt = lines.length
    lines.push(
      clickable(rowLine(row, index === page.selected, columns, state.now), {
        kind: 'row',
        list: 'rooms',
        key: rowKey(row),
      }),
    )
  }
  const first = Math.max(0, Math.min(selectedAt - (space >> 1), lines.length - space))
  return lines.slice(first, first + space)
}

function rowLine(row: Row, selected: boolean, columns: number, now: number): Line {
  const style: Style = selected ? { inverse: true, bold: true } : {}
  const width = Math.min(34, columns >> 1)
  if (row.section === 'create') {
    const exact = row.label.includes('#')
    const text = exact ? `Ask to join ${row.label}` : `Create room ${row.label}`
    return [span(selected ? ' › ' : '   ', { bold: true }), span(` ${text} `, style)]
  }
  return [
    span(selected ? ' › ' : '   ', { bold: true }),
    span(` ${padEnd(row.label, width)}`, style),
    span('  '),
    ...(row.room === undefined ? [] : remarks(row.room, now)),
  ]
}

/** What waits in a room, or what it is to this person. */
export function remarks(room: RoomSummary, now: number): Line {
  const dim: Style = { dim: true }
  switch (room.standing) {
    case 'member': {
      // Not known before the room was read: nobody is a member of a room without members.
      const members = room.members === 0 ? '' : count(room.members, 'member')
      const news = newsOf(room)
      const age = room.newestAt === undefined ? '' : ageText(room.newestAt, now)
      const about = [members, age].filter((text) => text !== '').join('  ')
      if (news.length === 0) return [span(about, dim)]
      const style: Style = room.attention.some(isForYou) ? { bold: true, colour: 'yellow' } : { bold: true }
      return [span(news.join(', '), style), span(`  ${about}`, dim)]
    }
    case 'invited':
      return [span(invitation(room), { colour: 'yellow' })]
    case 'waiting':
      return [span('waiting to be let in', { colour: 'yellow' })]
    case 'rejected':
      return [span(declinedLabel, { colour: 'red' })]
    case 'kicked':
      return [span('removed', { colour: 'red' })]
    case 'left':
      return [span('left', dim)]
    case 'stranger':
      return [span(`Enter to ask  ${room.id.slice(0, 8)}`, dim)]
  }
}

function newsOf({ attention, unread, mentions }: RoomSummary): readonly string[] {
  const requests = attention.find(({ kind }) => kind === 'request')?.count ?? 0
  return [
    ...(requests === 0 ? [] : [`${requests} ${requests === 1 ? 'asks' : 'ask'} to join`]),
    ...(unread === 0 ? [] : [`${unread} new`]),
    ...(mentions === 0 ? [] : [count(mentions, 'mention')]),
  ]
}

function invitation({ invitedBy }: RoomSummary): string {
  if (invitedBy === undefined) return 'Enter to accept'
  const { name, known } = invitedBy
  return known ? `from ${name}  Enter to accept` : `from someone calling themselves ${name}`
}

function emptyLines(columns: number): readonly Line[] {
  const text = 'No rooms yet.\n\nType a name and press Enter to create one. To join an unlisted room, type name#id.'
  return [[], ...wrap(text, Math.min(columns - 6, 64)).map((part): Line => [span(`   ${part}`)])]
}

export function waitingView(state: State, page: WaitingPage): Frame {
  const width = Math.min(state.size.columns - 6, 68)
  const paragraph = (text: string): readonly Line[] => wrap(text, width).map((part): Line => [span(`   ${part}`)])
  const name = state.self?.name ?? ''
  return pageFrame(state, {
    title: `waiting for ${page.roomName}`,
    body: () => [
      [],
      ...paragraph(`You've asked to join ${page.roomName}. Someone in the room has to type`),
      [],
      [span(`      !${name}`, { bold: true })],
      [],
      ...paragraph("to let you in. You'll then see the whole history."),
      [],
      [span('   your fingerprint   ', { dim: true }), span(state.self?.fingerprint ?? '', { bold: true })],
      [span('   room ID            ', { dim: true }), span(groups(page.roomId.slice(0, 20)))],
      [],
      ...paragraph('The person who lets you in sees your fingerprint. To be sure, compare it by phone or in person.'),
    ],
    keys: 'Esc: back (keep request) · w: withdraw request',
    footer: { lines: [], cursor: undefined },
  })
}

function groups(text: string): string {
  return text.replace(/(.{4})(?=.)/g, '$1 ')
}
