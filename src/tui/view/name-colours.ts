/**
 * The colour of each person's name. It follows from their fingerprint; if an earlier member of the room has it, the next free
 * one is taken. So the members of a room differ as long as there are colours. Pure.
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
    few: few.get(fingerprint) ?? firstChoice(fingerprint, nameColourCounts.few),
    many: many.get(fingerprint) ?? firstChoice(fingerprint, nameColourCounts.many),
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
  const dozen = distinct(count)
  for (const { fingerprint } of members) {
    if (free.size === 0) break
    if (colours.has(fingerprint)) continue
    const first = firstChoice(fingerprint, count)
    const tried = Array.from({ length: count }, (_, step) => (step < dozen ? (first + step) % dozen : step))
    const colour = tried.find((one) => free.has(one)) ?? first
    free.delete(colour)
    colours.set(fingerprint, colour)
  }
  return colours
}

/** How many there are of the first colours, which differ most: the others are for rooms that need them. */
function distinct(count: number): number {
  return Math.min(12, count)
}

function firstChoice(fingerprint: string, count: number): number {
  let hash = 7
  for (const character of fingerprint) hash = (hash * 31 + character.charCodeAt(0)) % 65_521
  return hash % distinct(count)
}
