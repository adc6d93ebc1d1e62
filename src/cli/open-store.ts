/** From a store's address to the open store. */
import { readFile } from 'node:fs/promises'
import { ConclaveError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { formatEndpoint } from '../node/address.ts'
import type { EtcdTls } from '../store/etcd/options.ts'
import type { Store } from '../store/store.ts'
import { embeddedPath } from './store-url.ts'
import type { StoreAddress, TlsFiles } from './store-url.ts'

/**
 * @throws not-a-store, not-allowed, store-full, tampering for a file that can't serve; usage for missing certificates.
 * A cluster is not waited for: its first call finds out whether it answers.
 */
export async function openStore(address: StoreAddress, logger: Logger): Promise<Store> {
  // Only the one that is needed is loaded: gRPC alone takes longer than opening a file.
  if (address.kind === 'sqlite') {
    const { SqliteStore } = await import('../store/sqlite/store.ts')
    return SqliteStore.open(address.path)
  }
  const { EtcdStore } = await import('../store/etcd/store.ts')
  const { tls } = address
  return EtcdStore.open({
    endpoints: endpointsOf(address),
    logger,
    ...(tls === undefined ? {} : { tls: await readTls(tls) }),
  })
}

/** In a few words, for a status line. */
export function storeLabel(address: StoreAddress, home: string): string {
  switch (address.kind) {
    case 'etcd':
      return `etcd ${endpointsOf(address).join(', ')}`
    case 'sqlite':
      return address.path === embeddedPath(home) ? 'local store' : `local store ${address.path}`
  }
}

function endpointsOf({ endpoints }: Extract<StoreAddress, { kind: 'etcd' }>): string[] {
  return endpoints.map(({ host, port }) => formatEndpoint(host, port))
}

async function readTls({ ca, cert, key }: TlsFiles): Promise<EtcdTls> {
  return { ca: await readPem(ca), cert: await readPem(cert), key: await readPem(key) }
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConclaveError('usage', `${file} can't be read`, {
      hint: 'conclave connect TICKET puts the files of a cluster there; or name yours: etcds://…?ca=FILE&cert=FILE&key=FILE',
      cause,
    })
  }
}
