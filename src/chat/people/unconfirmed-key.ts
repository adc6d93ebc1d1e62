/** The refusal to act on a key that this person has not seen, or knows otherwise; with what a front end asks about it. */
import { ConclaveError } from '../../base/errors.ts'
import type { Hint } from '../../base/hint.ts'
import type { Person } from '../item.ts'

export class UnconfirmedKey extends ConclaveError {
  /** With the key in question. */
  readonly person: Person
  /** The fingerprint of the key that this person knows under the name; undefined: none. */
  readonly known: string | undefined

  constructor(person: Person, known: string | undefined, why: string, hint: Hint) {
    super('unconfirmed-key', `the key of ${person.name} ${why}`, { hint })
    this.person = person
    this.known = known
  }
}
