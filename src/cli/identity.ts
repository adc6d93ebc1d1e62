/** Which of a home's identities a command acts as. */
import { ConclaveError } from '../base/errors.ts'
import type { KnownIdentity } from '../chat/accounts.ts'

/** Names compare as they fold: `--as Ada` means ada. `known` is most recently used first. */
export function findIdentity(known: readonly KnownIdentity[], name: string): KnownIdentity | undefined {
  return (
    known.find((identity) => identity.name === name) ??
    known.find((identity) => identity.name.toLowerCase() === name.toLowerCase())
  )
}

/** The one that was used last, for a command that was given no name. @throws usage when the home has none. */
export function latestIdentity(known: readonly KnownIdentity[], home: string): KnownIdentity {
  const [latest] = known
  if (latest === undefined) {
    throw new ConclaveError('usage', `there is no identity in ${home} yet`, {
      hint: 'conclave signup NAME makes one; conclave login NAME fetches yours from another machine.',
    })
  }
  return latest
}
