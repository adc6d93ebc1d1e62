/** The title of the terminal's window: where this person is, and how much waits for them. Pure. */
import { countForYou } from '../../chat/attention.ts'
import type { State } from '../state/state.ts'

export function titleOf({ page, rooms, self }: State): string {
  if (self === undefined) return 'Conclave'
  const count = countForYou(rooms)
  const place = page.kind === 'chat' ? `${page.room.name} · Conclave` : 'Conclave'
  return count === 0 ? place : `(${count}) ${place}`
}
