/** The refusal to act on a key that this person has not seen, or knows otherwise; with what a front end asks about it. */
import type { Bytes } from '../base/bytes.ts'
import { ConclaveError } from '../base/errors.ts'
import { fingerprint } from '../crypto/fingerprint.ts'
import type { Person } from './item.ts'

export class UnconfirmedKey extends ConclaveError {
  /** With the key in question. */
  readonly person: Person
  /** The fingerprint of the key that this person knows under the name; undefined: none. */
  readonly known: string | undefined

  constructor(
    { name, rootKey }: { readonly name: string; readonly rootKey: Bytes },
    known: Bytes | undefined,
    why: string,
    hint: string,
  ) {
    super('unconfirmed-key', `the key of ${name} ${why}`, { hint })
    this.person = { name, fingerprint: fingerprint(rootKey) }
    this.known = known && fingerprint(known)
  }
}
