/** What kept a vault shut, as an error that says what to do. */
import { ConclaveError } from '../../base/errors.ts'
import { RecoveryCodeNeeded } from '../accounts.ts'
import type { OpenVault, VaultOutcome } from '../../crypto/vault.ts'

/** @param where the vault lies. @throws wrong-password, tampering */
export function opened(outcome: VaultOutcome, name: string, where: string): OpenVault {
  switch (outcome.kind) {
    case 'open':
      return outcome
    case 'wrong-password':
      throw new ConclaveError('wrong-password', `wrong password for ${name}`, {
        hint: 'nothing was changed; try again',
      })
    case 'recovery-code-needed':
      throw new RecoveryCodeNeeded(name)
    case 'damaged':
      throw new ConclaveError('tampering', `the vault of ${name} in ${where} is damaged: ${outcome.reason}`, {
        hint: 'log in on another machine or from the store’s copy with --home of an empty folder',
      })
  }
}
