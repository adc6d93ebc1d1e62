/** The only place where home, store and accounts are put together. */
import { ConclaveError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import type { Accounts } from '../chat/accounts.ts'
import { readConfig } from './config.ts'
import { fileLogger } from './log-file.ts'
import { openStore, storeLabel } from './open-store.ts'
import { resolveGlobalOptions } from './options.ts'
import { embeddedStore, parseStoreUrl } from './store-url.ts'
import type { StoreAddress } from './store-url.ts'

export interface Wiring {
  readonly accounts: Accounts
  /** Where the data lies, in a few words. */
  readonly storeLabel: string
  close(): Promise<void>
}

export interface WiringOptions {
  /** The environment's or the platform's when absent, as are the others. */
  readonly home?: string | undefined
  readonly store?: string | undefined
  readonly log?: string | undefined
}

export async function wire(options: WiringOptions): Promise<Wiring> {
  const { home, store, log } = { ...resolveGlobalOptions(options, process.env), ...options }
  const address = await storeAddress(home ?? '', store)
  const logger = log === undefined ? silentLogger : fileLogger(log)
  const opened = await openStore(address, logger)
  await opened.close()
  throw new ConclaveError('unexpected', `not wired yet: ${storeLabel(address, home ?? '')}`)
}

/** What was asked for, else what the home says, else the home's own. */
async function storeAddress(home: string, url: string | undefined): Promise<StoreAddress> {
  const wanted = url ?? (await readConfig(home)).store
  return wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
}
