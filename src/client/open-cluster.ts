/**
 * Opens the cluster that a home uses as its store: this machine's own node comes first, membership changes are followed
 * and remembered for the next start, and health is reported to listeners.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ConclaveError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { steadyHealth, type StoreHealth } from '../chat/connection/store-health.ts'
import type { ClientTls } from '../node/certificates/credentials.ts'
import { formatEndpoint } from '../node/home/address.ts'
import { clientFiles, nodePaths } from '../node/home/paths.ts'
import type { EtcdTls } from '../store/etcd/options.ts'
import { EtcdStore } from '../store/etcd/store.ts'
import type { Store } from '../store/store.ts'
import { WatchedHealth } from './cluster-health.ts'
import { rememberCluster } from './config.ts'
import { keepRenewed } from './keep-renewed.ts'
import { endpointsOf, type ClusterAddress, type TlsFiles } from './store-url.ts'

/** An open store, whichever kind it is. */
export interface OpenedStore {
  readonly store: Store
  readonly health: StoreHealth
  /** Where the data is stored, in a few words. */
  readonly label: string
  close(): Promise<void>
}

export interface StoreOptions {
  readonly home: string
  /** The home's configuration names this store, and so follows its cluster's members. */
  readonly remember: boolean
  readonly logger?: Logger
  /** A call to a cluster that does not answer fails after this long; 10 s unless given. */
  readonly deadlineMs?: number | undefined
}

interface ClusterOptions extends StoreOptions {
  readonly label: string
  readonly logger: Logger
}

export async function openCluster(address: ClusterAddress, options: ClusterOptions): Promise<OpenedStore> {
  const { home, label, remember, logger, deadlineMs } = options
  const { tls: files } = address
  const secured = files && { files, tls: await readTls(files) }
  let endpoints: readonly string[] = endpointsOf(address)
  const health = secured && new WatchedHealth({ label, cluster: () => ({ endpoints, tls: secured.tls }) })
  const onMembers = (members: readonly string[]): void => {
    if (sameSet(members, endpoints)) return
    endpoints = members
    health?.moved()
    if (!remember) return
    rememberCluster(home, members).catch((error: unknown) => logger.warn('members', { error: String(error) }))
  }
  const prefer = await ownNode(home, endpoints)
  const store = await EtcdStore.open({
    endpoints,
    logger,
    onMembers,
    ...(prefer === undefined ? {} : { prefer }),
    ...(secured === undefined ? {} : { tls: etcdTls(secured.tls) }),
    ...(deadlineMs === undefined ? {} : { timeouts: { deadlineMs } }),
  })
  const endRenewal =
    secured &&
    keepRenewed(secured.tls, logger, {
      renew: (signal) => renewOwn(home, secured.files, store, signal),
      read: () => readTls(secured.files),
      use: (tls) => {
        store.useTls(etcdTls(tls))
        secured.tls = tls
        health?.moved()
      },
    })
  const close = async (): Promise<void> => {
    endRenewal?.()
    health?.close()
    await store.close()
  }
  return { store, health: health ?? steadyHealth(label), label, close }
}

/** Certificates that a person named in the URL are theirs to renew. */
async function renewOwn(home: string, files: TlsFiles, store: Store, signal: AbortSignal): Promise<void> {
  const own = clientFiles(home)
  if (files.cert !== own.certificate) return
  // Loaded only if it is needed.
  const { renewPerson } = await import('../node/tickets/enrol.ts')
  await renewPerson(store, own, signal)
}

/** The address of this home's node, if it is a member of the cluster with these endpoints. */
async function ownNode(home: string, endpoints: readonly string[]): Promise<string | undefined> {
  const paths = nodePaths(home)
  if (!existsSync(paths.state)) return undefined
  // Loaded only if there is something to check.
  const { readState } = await import('../node/home/state.ts')
  const state = await readState(paths)
  if (state?.phase !== 'member' || !state.endpoints.some((endpoint) => endpoints.includes(endpoint))) return undefined
  return formatEndpoint(state.settings.advertise, state.settings.clientPort)
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one))
}

function etcdTls({ authority, certificate, key }: ClientTls): EtcdTls {
  return { ca: authority, cert: certificate, key }
}

async function readTls({ ca, cert, key }: TlsFiles): Promise<ClientTls> {
  return { authority: await readPem(ca), certificate: await readPem(cert), key: await readPem(key) }
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
