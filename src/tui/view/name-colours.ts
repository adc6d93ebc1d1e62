/**
 * The colour of each person's name: by their fingerprint, so the same everywhere, unless an earlier member of the room has
 * it; then the next one that is free. So the members of a room differ as far as there are colours. Pure.
 */
import type { Person } from '../../chat/item.ts'
import { nameColourCounts, type NameColour } from '../text/style.ts'

type People = readonly Pick<Person, 'fingerprint'>[]

/** @param members in the order in which they joined: newcomers change nobody's colour @returns by fingerprint */
export function nameColours(members: People): (fingerprint: string) => NameColour {
  const found = kept.get(members)
  if (found !== undefined) return found
  const few = taken(members, nameColourCounts.few)
  const many = taken(members, nameColourCounts.many)
  const colourOf = (fingerprint: string): NameColour => ({
    few: few.get(fingerprint) ?? hash(fingerprint) % nameColourCounts.few,
    many: many.get(fingerprint) ?? hash(fingerprint) % nameColourCounts.many,
  })
  kept.set(members, colourOf)
  return colourOf
}

/** Cached: every line asks. */
const kept = new WeakMap<People, (fingerprint: string) => NameColour>()

/** Those who came when none was free are left out. */
function taken(members: People, count: number): ReadonlyMap<string, number> {
  const colours = new Map<string, number>()
  const free = new Set(Array.from({ length: count }, (_, colour) => colour))
  for (const { fingerprint } of members) {
    if (free.size === 0) break
    if (colours.has(fingerprint)) continue
    let colour = hash(fingerprint) % count
    while (!free.has(colour)) colour = (colour + 1) % count
    free.delete(colour)
    colours.set(fingerprint, colour)
  }
  return colours
}

function hash(fingerprint: string): number {
  let value = 7
  for (const character of fingerprint) value = (value * 31 + character.charCodeAt(0)) % 65_521
  return value
}
