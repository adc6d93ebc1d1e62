/** Under what rooms are listed, so that no two look alike. Pure. */
import { skeleton } from '../crypto/skeleton.ts'
import type { RoomSummary } from './room-summary.ts'

/** The name; if others share it or look like it, with the beginning of the id: as much as tells all of them apart. */
export function roomLabel(room: Pick<RoomSummary, 'name' | 'id'>, rooms: readonly RoomSummary[]): string {
  const known = digitsShown.get(rooms) ?? ambiguous(rooms)
  digitsShown.set(rooms, known)
  const digits = known.get(skeleton(room.name))
  return digits === undefined ? room.name : `${room.name}#${room.id.slice(0, digits)}`
}

/** How many digits of their ids rooms need whose names are alike. Cached: every line of every frame asks. */
const digitsShown = new WeakMap<readonly RoomSummary[], ReadonlyMap<string, number>>()

/** Of a whole id. */
const idDigits = 64
const digitsMin = 4
const digitsStep = 4

function ambiguous(rooms: readonly RoomSummary[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(rooms, ({ name }) => skeleton(name))
  return new Map(
    [...groups].flatMap(([name, alike]) => {
      if (alike.length < 2) return []
      let digits = digitsMin
      while (digits < idDigits && new Set(alike.map(({ id }) => id.slice(0, digits))).size < alike.length) {
        digits += digitsStep
      }
      return [[name, digits]]
    }),
  )
}
