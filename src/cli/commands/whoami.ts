/** `whoami`: name and fingerprint of the identity that commands use; needs neither password nor store. */
import type { Command } from 'commander'
import { ConclaveError } from '../../base/errors.ts'
import { findIdentity, latestIdentity } from '../identity.ts'
import type { Act } from '../session.ts'

export function addWhoami(program: Command, act: Act): void {
  program
    .command('whoami')
    .summary('print your name and fingerprint')
    .description('Prints name and fingerprint of the identity that commands use. Needs neither password nor store.')
    .action(
      act(async (session) => {
        const { options, out } = session
        const known = await session.identities()
        const self = options.as === undefined ? latestIdentity(known, options.home) : findIdentity(known, options.as)
        if (self === undefined) {
          throw new ConclaveError('no-such-user', `there is no ${options.as} in ${options.home}`, {
            hint: `conclave login ${options.as} fetches it, if it was made on another machine.`,
          })
        }
        await out.print({ name: self.name, fingerprint: self.fingerprint }, `${self.name}  ${self.fingerprint}`)
      }),
    )
}
