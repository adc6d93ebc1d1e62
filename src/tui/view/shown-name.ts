/** A person's name in columns that may be too few for it. Digits that tell namesakes apart are never cut off. Pure. */
import type { Person } from '../../chat/item.ts'
import type { Namesakes } from '../../chat/people/namesakes.ts'
import { truncate, widthOf } from '../text/width.ts'

export function shownName(person: Person, namesakes: Namesakes, columns: number): string {
  const whole = namesakes.nameOf(person)
  if (whole === person.name || widthOf(whole) <= columns) return whole
  const digits = whole.slice(person.name.length)
  const name = truncate(person.name, columns - digits.length)
  return name === '' ? `…${digits.slice(1 - columns)}` : `${name}${digits}`
}
