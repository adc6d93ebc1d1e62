/**
 * Signing up and logging in: from a name and a password to an open `Chat`.
 *
 * The vault with a person's keys lies in the home, and a copy in the store, so that name and passphrase open it from
 * another machine. A wrong password never destroys anything.
 */
import { ConclaveError } from '../base/errors.ts'
import type { Chat } from './chat.ts'
import type { Person } from './item.ts'

export interface Accounts {
  /** The identities of this home, most recently used first. Needs no password and no store. */
  identities(): Promise<readonly KnownIdentity[]>
  /** Six random words, about 66 bits: the default. */
  suggestPassphrase(): string
  /** What speaks against a password of one's own; undefined when it is strong enough (or was generated here). */
  weakness(password: string, name: string): Promise<string | undefined>
  /**
   * Registers a new name. With `chosen` the password is one's own: a weak one is refused (`usage`), and the answer
   * carries the recovery code that a new machine will ask for. @throws name-taken, usage (bad name)
   */
  signUp(request: SignUp): Promise<SignedUp>
  /** From this home, or, where this home does not know the name, from the store's copy. @throws wrong-password, no-such-user */
  logIn(request: LogIn): Promise<Chat>
}

/** The password is one's own, and this machine is new: the recovery code is asked for too. Nothing was changed. */
export class RecoveryCodeNeeded extends ConclaveError {
  constructor(name: string) {
    super('wrong-password', `${name} chose a password: a new machine needs the recovery code too`, {
      hint: 'give the recovery code that sign-up showed (CONCLAVE_RECOVERY_CODE)',
    })
  }
}

export interface KnownIdentity extends Person {
  readonly lastUsedAt: number
}

export interface SignUp {
  readonly name: string
  readonly password: string
  readonly chosen: boolean
}

export interface SignedUp {
  readonly chat: Chat
  /** 128 bits in words or groups, shown once; only for a chosen password. */
  readonly recoveryCode?: string
}

export interface LogIn {
  readonly name: string
  readonly password: string
  readonly recoveryCode?: string
}
