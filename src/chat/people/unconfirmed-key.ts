/**
 * The refusal to act on a key that is new to this person or differs from the known one; carries what a front end needs
 * to ask about it.
 */
import { ConclaveError } from '../../base/errors.ts'
import type { Hint } from '../../base/hint.ts'
import type { Person } from '../item.ts'

export class UnconfirmedKey extends ConclaveError {
  /** With the key in question. */
  readonly person: Person
  /** The fingerprint of the key that this person knows under the name; undefined: none. */
  readonly known: string | undefined

  constructor(person: Person, known: string | undefined, message: string, hint: Hint) {
    super('unconfirmed-key', message, { hint })
    this.person = person
    this.known = known
  }
}
