/** The known rooms, in the order and under the names that the screen uses. Pure. */
import type { RoomSummary, Standing } from '../../chat/chat.ts'
import { numberRooms, type Numbered } from '../../chat/room-places.ts'
import type { State } from './state.ts'

/** Rooms with readable messages. */
export function joinedRooms(rooms: readonly RoomSummary[]): readonly RoomSummary[] {
  return rooms.filter((room) => room.standing === 'member')
}

/** The same, in the order of their numbers: what Alt+1, Alt+2, … lead to. */
export function numberedRooms({ rooms, places }: Pick<State, 'rooms' | 'places'>): readonly Numbered<RoomSummary>[] {
  return numberRooms(joinedRooms(rooms), places)
}

/** The name, with the beginning of the id if two rooms share it. */
export function roomLabel(room: RoomSummary, rooms: readonly RoomSummary[]): string {
  const twins = rooms.filter((other) => other.name.toLowerCase() === room.name.toLowerCase())
  return twins.length > 1 ? `${room.name}#${room.id.slice(0, 4)}` : room.name
}

export interface Row {
  readonly section: 'yours' | 'invited' | 'waiting' | 'closed' | 'open' | 'create'
  readonly label: string
  /** Absent: the row that creates a new room, or asks to join one by name and id. */
  readonly room?: RoomSummary
}

const sections: Readonly<Record<Standing, Row['section']>> = {
  member: 'yours',
  invited: 'invited',
  waiting: 'waiting',
  stranger: 'open',
  left: 'closed',
  kicked: 'closed',
  rejected: 'closed',
}
const order: readonly Row['section'][] = ['yours', 'invited', 'waiting', 'open', 'closed', 'create']

/**
 * The rows of the room list. With nothing typed: by section. Otherwise the matches, best first: the exact name, names
 * that start with it, names that contain its letters in this order; last, creating a room of that name.
 */
export function roomRows(rooms: readonly RoomSummary[], typed: string): readonly Row[] {
  const wanted = typed.trim().toLowerCase()
  const rows = rooms.map((room): Row => ({ section: sections[room.standing], label: roomLabel(room, rooms), room }))
  if (wanted === '' || wanted.startsWith('/')) return sortBy(rows, (row) => order.indexOf(row.section))
  const filter = wanted.split('#')[0] ?? ''
  const fitting = rows.filter((row) => matches(row.label.toLowerCase(), filter))
  const taken = fitting.some((row) => row.section === 'yours' && row.label.toLowerCase() === wanted)
  if (!taken) fitting.push({ section: 'create', label: typed.trim() })
  return sortBy(fitting, (row) => {
    if (row.section === 'create') return 4
    const label = row.label.toLowerCase()
    return label === wanted ? 0 : label.startsWith(filter) ? 1 : 3
  })
}

function sortBy(rows: readonly Row[], rank: (row: Row) => number): readonly Row[] {
  return rows.toSorted((a, b) => rank(a) - rank(b))
}

/** Subsequence match: `dm` finds `demo`. */
function matches(name: string, filter: string): boolean {
  let at = 0
  for (const letter of filter) {
    at = name.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}
