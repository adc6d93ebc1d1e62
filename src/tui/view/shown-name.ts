/** A person's name in columns that may be too few for it. Digits that tell namesakes apart are never cut off. Pure. */
import type { Person } from '../../chat/item.ts'
import type { Namesakes } from '../../chat/people/namesakes.ts'
import { truncate, widthOf } from '../text/width.ts'

export function shownName(person: Person, namesakes: Namesakes, columns: number): string {
  return fitName(namesakes.nameOf(person), person.name, columns)
}

/** @param whole the bare name, and any digits after it */
export function fitName(whole: string, bare: string, columns: number): string {
  if (whole === bare || widthOf(whole) <= columns) return whole
  const digits = whole.slice(bare.length)
  const name = truncate(bare, columns - digits.length)
  return name === '' ? `…${digits.slice(1 - columns)}` : `${name}${digits}`
}
