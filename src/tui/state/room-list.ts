/** The known rooms, in the order and under the names that the screen uses. Pure. */
import type { RoomSummary, Standing } from '../../chat/chat.ts'
import { roomLabel } from '../../chat/room-label.ts'
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

export interface Row {
  readonly section: 'yours' | 'invited' | 'waiting' | 'closed' | 'open' | 'create'
  readonly label: string
  /** Absent: the row that creates a new room, or asks to join one by name and id. */
  readonly room?: RoomSummary
}

/** The row again, wherever it stands by then. */
export function rowKey({ section, label, room }: Row): string {
  return room?.id ?? `${section} ${label}`
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
  const fitting = rows.filter((row) => closeness(row.label, filter) !== undefined)
  const taken = fitting.some((row) => row.section === 'yours' && row.label.toLowerCase() === wanted)
  if (!taken) fitting.push({ section: 'create', label: typed.trim() })
  return sortBy(fitting, (row) => {
    if (row.section === 'create') return Infinity
    return row.label.toLowerCase() === wanted ? 0 : (closeness(row.label, filter) ?? Infinity)
  })
}

function sortBy(rows: readonly Row[], rank: (row: Row) => number): readonly Row[] {
  return rows.toSorted((a, b) => rank(a) - rank(b))
}

/**
 * How well a name fits what was typed, in lower case: 0 for the name itself, then its beginning, the beginning of one of
 * its words, any part, and its letters in this order (`dm` finds `demo`), the closer together the better. Undefined: not
 * at all.
 */
export function closeness(label: string, wanted: string): number | undefined {
  const name = label.toLowerCase()
  if (name === wanted) return 0
  const at = name.indexOf(wanted)
  if (at === 0) return 1
  if (at > 0) return /[^\p{L}\p{N}]/u.test(name[at - 1] ?? '') ? 2 : 3
  let [first, end] = [-1, 0]
  for (const letter of wanted) {
    const found = name.indexOf(letter, end)
    if (found < 0) return undefined
    if (first < 0) first = found
    end = found + letter.length
  }
  return 4 + (end - first) / 1000
}
