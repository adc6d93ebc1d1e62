/**
 * Signing up and logging in: from a name and a passphrase to an open `Chat`.
 *
 * The vault holding a person's keys is stored in the home, with a copy in the shared store, so that name and passphrase
 * also unlock it on another machine. A wrong passphrase never destroys anything.
 */
import { ConclaveError } from '../base/errors.ts'
import { command } from '../base/hint.ts'
import type { Chat } from './chat.ts'
import type { Person } from './item.ts'

export interface Accounts {
  /** The identities of this home, most recently used first. Needs no passphrase and no store. */
  identities(): Promise<readonly KnownIdentity[]>
  /** Six random words, about 66 bits: the default. */
  suggestPassphrase(): string
  /** Why a chosen passphrase is too weak; undefined when it is strong enough, or was generated here. */
  weakness(password: string, name: string): Promise<string | undefined>
  /**
   * Registers a new name. A weak `chosen` passphrase is refused (`usage`); for a strong one the result carries the
   * recovery code that a new machine will ask for. @throws name-taken, usage (bad name)
   */
  signUp(request: SignUp): Promise<SignedUp>
  /**
   * Changes the passphrase of an identity of this home; the old one is asked for again. Until this resolves, either may
   * be in force; the copy in the store, for other machines, follows.
   * @throws wrong-password, no-such-user (not in this home), usage (weak passphrase), unavailable: nothing was changed
   */
  changePassword(request: ChangePassword): Promise<PasswordChanged>
  /**
   * Of a chosen passphrase, to write it down again. @throws wrong-password; no-such-user (not in this home); usage for a
   * generated passphrase, which needs none; unavailable where this home has never had it
   */
  recoveryCode(request: LogIn): Promise<string>
  /**
   * From this home or, where the home doesn't know the name, from the store's copy. @throws wrong-password,
   * no-such-user
   */
  logIn(request: LogIn): Promise<Chat>
  /**
   * Opens an identity of this home without its passphrase, until that is changed. The key gives access to everything:
   * it must never be written to disk. @throws wrong-password, no-such-user (not in this home)
   */
  unlock(request: LogIn): Promise<UnlockedIdentity>
  /** @throws wrong-password when the key is no longer valid, no-such-user */
  logInUnlocked(unlocked: Pick<UnlockedIdentity, 'key'> & { readonly name: string }): Promise<Chat>
}

/** The passphrase was chosen and this machine is new: the recovery code is needed too. Nothing was changed. */
export class RecoveryCodeNeeded extends ConclaveError {
  constructor(name: string) {
    super('wrong-password', `${name} chose their own passphrase: a new machine needs the recovery code too`, {
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
   * Called before the name is claimed, with the secrets that must not be lost: a person who has seen them can log in,
   * wherever the program is interrupted. When it rejects, the name stays free. Only the last of several calls counts.
   */
  announce?(secret: Secret): Promise<void>
}

/** What a person has to write down. */
export interface Secret {
  readonly self: Person
  /** Only with a chosen passphrase. */
  readonly recoveryCode?: string
}

export interface ChangePassword {
  readonly name: string
  /** The old one. */
  readonly password: string
  /**
   * Called once the old one proved right. `elsewhere`: the passphrase was changed on another machine, so that one (and
   * its recovery code, if it has one) is asked for and taken over here.
   */
  choose(situation: { readonly elsewhere: boolean }): Promise<NewPassword & { readonly recoveryCode?: string }>
  /** Called before anything is changed; when it rejects, nothing is. Not called for a change that is taken over. */
  announce(secret: Secret): Promise<void>
  /** Nobody remembers the passphrase set elsewhere: overwrite the copy in the store. */
  readonly replaceCopy?: boolean
}

export interface PasswordChanged {
  readonly self: Person
  /** The one set on another machine. */
  readonly takenOver: boolean
  /** False: the store stopped answering, and its copy follows at the next start. */
  readonly copied: boolean
}

export interface SignedUp {
  readonly chat: Chat
  /** 128 bits in words or groups, shown once; only for a chosen passphrase. */
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
