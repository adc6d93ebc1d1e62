/** The only place where home, store and accounts are put together. */
import { ConclaveError } from '../base/errors.ts'
import type { Accounts } from '../chat/accounts.ts'
import type { GlobalOptions } from './options.ts'

export interface Wiring {
  readonly accounts: Accounts
  close(): Promise<void>
}

export async function wire(options: Partial<Pick<GlobalOptions, 'home' | 'store' | 'log'>>): Promise<Wiring> {
  throw new ConclaveError('unexpected', `not wired yet: ${options.home}`)
}
