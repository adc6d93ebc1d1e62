/**
 * Signing up and logging in: from a name and a password to an open `Chat`.
 *
 * The vault with a person's keys lies in the home, and a copy in the store, so that name and passphrase open it from
 * another machine. A wrong password never destroys anything.
 */
import { ConclaveError } from '../base/errors.ts'
import { command } from '../base/hint.ts'
import type { Chat } from './chat.ts'
import type { Person } from './item.ts'

export interface Accounts {
  /** The identities of this home, most recently used first. Needs no password and no store. */
  identities(): Promise<readonly KnownIdentity[]>
  /** Six random words, about 66 bits: the default. */
  suggestPassphrase(): string
  /** Why a chosen password is too weak; undefined when it is strong enough (or was generated here). */
  weakness(password: string, name: string): Promise<string | undefined>
  /**
   * Registers a new name. A `chosen` password that is weak is refused (`usage`); for a strong one the answer carries the
   * recovery code that a new machine will ask for. @throws name-taken, usage (bad name)
   */
  signUp(request: SignUp): Promise<SignedUp>
  /**
   * Another password for an identity of this home. The old one is asked for again. Until it
   * resolves either may be in force; the copy in the store, for other machines, follows.
   * @throws wrong-password, no-such-user (not in this home), usage (a weak password), unavailable: nothing was changed
   */
  changePassword(request: ChangePassword): Promise<PasswordChanged>
  /** From this home, or, where this home does not know the name, from the store's copy. @throws wrong-password, no-such-user */
  logIn(request: LogIn): Promise<Chat>
  /**
   * Opens an identity of this home without its password, until that is changed. The key gives access to
   * everything: it must never be written to disk. @throws wrong-password, no-such-user (not in this home)
   */
  unlock(request: LogIn): Promise<UnlockedIdentity>
  /** @throws wrong-password when the key is of no use any more, no-such-user */
  logInUnlocked(unlocked: Pick<UnlockedIdentity, 'key'> & { readonly name: string }): Promise<Chat>
}

/** The password was chosen, and this machine is new: it takes the recovery code too. Nothing was changed. */
export class RecoveryCodeNeeded extends ConclaveError {
  constructor(name: string) {
    super('wrong-password', `${name} chose a password: a new machine needs the recovery code too`, {
      hint: ['Give the recovery code that was shown with the passphrase (', command('recovery-code'), ').'],
    })
  }
}

export interface KnownIdentity extends Person {
  readonly lastUsedAt: number
}

export interface NewPassword {
  readonly password: string
  /** Chosen by the person, not a passphrase suggested here. */
  readonly chosen: boolean
}

export interface SignUp extends NewPassword {
  readonly name: string
  /**
   * Called before the name is claimed, with what must not be lost: who has been shown it can log in, wherever the
   * program is cut off. When it rejects, the name stays free. Only the last of several calls counts.
   */
  announce?(secret: Secret): Promise<void>
}

/** What a person has to write down. */
export interface Secret {
  readonly self: Person
  /** Only with a chosen password. */
  readonly recoveryCode?: string
}

export interface ChangePassword {
  readonly name: string
  /** The old one. */
  readonly password: string
  /**
   * Asked once the old one was found right. `elsewhere`: it was changed on another machine, and what is wanted is the
   * password of that change (and its recovery code, if it has one), which is then taken over here.
   */
  choose(situation: { readonly elsewhere: boolean }): Promise<NewPassword & { readonly recoveryCode?: string }>
  /** Called before anything is changed. When it rejects nothing is. Not for a change that is taken over. */
  announce(secret: Secret): Promise<void>
  /** Nobody knows any more what it was changed to elsewhere: the copy in the store gives way. */
  readonly replaceCopy?: boolean
}

export interface PasswordChanged {
  readonly self: Person
  /** The one of another machine. */
  readonly takenOver: boolean
  /** False: the store did not answer any more, and its copy follows at the next start. */
  readonly copied: boolean
}

export interface SignedUp {
  readonly chat: Chat
  /** 128 bits in words or groups, shown once; only for a chosen password. */
  readonly recoveryCode?: string
}

export interface UnlockedIdentity {
  readonly self: Person
  /** 32 bytes. */
  readonly key: Uint8Array
}

export interface LogIn {
  readonly name: string
  readonly password: string
  readonly recoveryCode?: string
}
