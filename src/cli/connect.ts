/** The only place where home, store and accounts are put together. */
import { silentLogger } from '../base/log.ts'
import type { Accounts, KnownIdentity } from '../chat/accounts.ts'
import { knownIdentities, openAccounts } from '../chat/open-accounts.ts'
import { readConfig } from './config.ts'
import { HomeFolder } from './home-folder.ts'
import { fileLogger } from './log-file.ts'
import { openStore } from './open-store.ts'
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
  /** CONCLAVE_HOME or the platform's data folder when absent. */
  readonly home?: string | undefined
  /** CONCLAVE_STORE, the home's configuration or its embedded store when absent. */
  readonly store?: string | undefined
}

export async function wire(options: WiringOptions): Promise<Wiring> {
  const { home, store, log } = resolveGlobalOptions({ home: options.home, store: options.store }, process.env)
  const address = await storeAddress(home, store)
  const logger = log === undefined ? silentLogger : fileLogger(log)
  const opened = await openStore(address, { home, remember: store === undefined, logger })
  const accounts = openAccounts({
    home: new HomeFolder(home),
    store: opened.store,
    health: opened.health,
    ...(process.env['CONCLAVE_KDF'] === 'floor' ? { kdf: 'floor' as const } : {}),
    log: logger,
  })
  return { accounts, storeLabel: opened.label, close: () => opened.close() }
}

/** The identities of a home, most recently used first: needs neither password nor store. `only`: of this name. */
export function identitiesOf(home: string, only?: string): Promise<readonly KnownIdentity[]> {
  return knownIdentities(new HomeFolder(home), only)
}

/** What was asked for, else what the home says, else the home's own. */
async function storeAddress(home: string, url: string | undefined): Promise<StoreAddress> {
  const wanted = url ?? (await readConfig(home)).store
  return wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
}
