/** Why a vault could not be opened, as an error that says what to do. */
import { ConclaveError } from '../../base/errors.ts'
import { RecoveryCodeNeeded } from '../accounts.ts'
import type { OpenVault, VaultOutcome } from '../../crypto/vault.ts'

/** @param where the location of the vault. @throws wrong-password, tampering */
export function opened(outcome: VaultOutcome, name: string, where: string): OpenVault {
  switch (outcome.kind) {
    case 'open':
      return outcome
    case 'wrong-password':
      throw new ConclaveError('wrong-password', `Wrong passphrase for ${name}.`, {
        hint: 'Try again.',
      })
    case 'recovery-code-needed':
      throw new RecoveryCodeNeeded(name)
    case 'damaged':
      throw new ConclaveError('tampering', `The vault of ${name} in ${where} is damaged: ${outcome.reason}`, {
        hint: 'Log in on another machine, or here with an empty home folder: that uses the store’s copy.',
      })
  }
}
