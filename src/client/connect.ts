/** The only place that wires home, store and accounts together. */
import { createWriteStream } from 'node:fs'
import { silentLogger, type LogFields, type Logger } from '../base/log.ts'
import type { Accounts, KnownIdentity } from '../chat/accounts.ts'
import { knownIdentities, openAccounts } from '../chat/open-accounts.ts'
import { readConfig } from './config.ts'
import { HomeFolder } from './home-folder.ts'
import type { Locations } from './locations.ts'
import { openStore } from './open-store.ts'
import { embeddedStore, parseStoreUrl, type StoreAddress } from './store-url.ts'

export interface Wiring {
  readonly accounts: Accounts
  /** Where the data is stored, in a few words. */
  readonly storeLabel: string
  close(): Promise<void>
}

/** @param deadlineMs a call to a cluster that does not answer fails after this long; 10 s unless given */
export async function wire({ home, store, log }: Locations, deadlineMs?: number): Promise<Wiring> {
  const address = await storeAddress(home, store)
  const logger = log === undefined ? silentLogger : fileLogger(log)
  const opened = await openStore(address, { home, remember: store === undefined, logger, deadlineMs })
  const accounts = openAccounts({
    home: new HomeFolder(home),
    store: opened.store,
    health: opened.health,
    log: logger,
  })
  return { accounts, storeLabel: opened.label, close: () => opened.close() }
}

/** The identities of a home, most recently used first: needs neither passphrase nor store. `only`: of this name. */
export function identitiesOf(home: string, only?: string): Promise<readonly KnownIdentity[]> {
  return knownIdentities(new HomeFolder(home), only)
}

/** As requested, else as the home's configuration says, else the embedded one. */
async function storeAddress(home: string, url: string | undefined): Promise<StoreAddress> {
  const wanted = url ?? (await readConfig(home)).store
  return wanted === undefined ? embeddedStore(home) : parseStoreUrl(wanted, home)
}

/**
 * CONCLAVE_LOG=FILE: events as JSON lines, in a file readable only by its owner. A log that can't be written is given
 * up silently: it must never be what stops a chat.
 */
function fileLogger(file: string): Logger {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  let failed = false
  stream.on('error', () => (failed = true))
  const write = (level: string, event: string, fields: LogFields = {}): void => {
    if (failed) return
    stream.write(`${JSON.stringify({ at: new Date().toISOString(), pid: process.pid, level, event, ...fields })}\n`)
  }
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
  }
}
