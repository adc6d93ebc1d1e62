/** The only place where home, store and accounts are put together. */
import { silentLogger } from '../base/log.ts'
import type { Accounts } from '../chat/accounts.ts'
import { openAccounts } from '../chat/open-accounts.ts'
import { argonDefault, argonFloor } from '../crypto/password.ts'
import { readConfig } from './config.ts'
import { HomeFolder } from './home-folder.ts'
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
  /** CONCLAVE_HOME or the platform's data folder when absent. */
  readonly home?: string | undefined
  /** CONCLAVE_STORE, the home's configuration or its embedded store when absent. */
  readonly store?: string | undefined
}

export async function wire(options: WiringOptions): Promise<Wiring> {
  const { home, store, log } = { ...resolveGlobalOptions({}, process.env), ...options }
  const folder = home ?? resolveGlobalOptions({}, process.env).home
  const address = await storeAddress(folder, store)
  const logger = log === undefined ? silentLogger : fileLogger(log)
  const opened = await openStore(address, logger)
  const label = storeLabel(address, folder)
  const accounts = openAccounts({
    home: new HomeFolder(folder),
    store: opened,
    storeDetail: () => label,
    argon: process.env['CONCLAVE_KDF'] === 'floor' ? argonFloor : argonDefault,
    log: logger,
  })
  return { accounts, storeLabel: label, close: () => opened.close() }
}

/** What was asked for, else what the home says, else the home's own. */
async function storeAddress(home: string, url: string | undefined): Promise<StoreAddress> {
  const wanted = url ?? (await readConfig(home)).store
  return wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
}
