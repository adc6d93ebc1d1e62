/** How node commands reach a home's cluster: its addresses, its certificates, its records. */
import { readFile } from 'node:fs/promises'
import { ConclaveError } from '../../base/errors.ts'
import { formatEndpoint } from '../../node/home/address.ts'
import { ClusterClient } from '../../node/cluster/cluster-client.ts'
import type { OpenStore } from '../../node/cluster/open-store.ts'
import { readClient, type ClientTls } from '../../node/certificates/credentials.ts'
import { clientFiles, nodePaths } from '../../node/home/paths.ts'
import { readState } from '../../node/home/state.ts'
import { EtcdStore } from '../../store/etcd/store.ts'
import { readConfig } from '../../client/config.ts'
import type { GlobalOptions } from '../session/options.ts'
import { parseStoreUrl } from '../../client/store-url.ts'

export const openClusterStore: OpenStore = async (endpoints, { authority, certificate, key }) =>
  EtcdStore.open({ endpoints, tls: { ca: authority, cert: certificate, key } })

export interface ClusterAccess {
  readonly endpoints: readonly string[]
  readonly tls: ClientTls
}

/** The cluster of this home's node, or the one that the home or --store names. @throws not-a-store when there is none */
export async function clusterAccess({ home, store }: GlobalOptions): Promise<ClusterAccess> {
  const state = await readState(nodePaths(home))
  if (store === undefined && state !== undefined) {
    return { endpoints: state.endpoints, tls: await readClient(clientFiles(home)) }
  }
  const url = store ?? (await readConfig(home)).store
  const address = url === undefined ? undefined : parseStoreUrl(url, home)
  if (address?.kind !== 'etcd') {
    throw new ConclaveError('not-a-store', 'This home does not belong to a cluster', {
      hint: '`conclave node start` creates one; with a ticket, `conclave node join TICKET` or `conclave connect TICKET`.',
    })
  }
  const { ca, cert, key } = address.tls ?? {}
  if (ca === undefined || cert === undefined || key === undefined) {
    throw new ConclaveError('usage', 'Only a cluster with certificates shows its members', {
      hint: 'Use an etcds://… address with a certificate, or etcdctl.',
    })
  }
  const [authority, certificate, secret] = await Promise.all([ca, cert, key].map((file) => readFile(file, 'utf8')))
  return {
    endpoints: address.endpoints.map(({ host, port }) => formatEndpoint(host, port)),
    tls: { authority: authority ?? '', certificate: certificate ?? '', key: secret ?? '' },
  }
}

export async function withCluster<T>(
  options: GlobalOptions,
  use: (client: ClusterClient, access: ClusterAccess) => Promise<T>,
): Promise<T> {
  const access = await clusterAccess(options)
  const client = new ClusterClient(access.endpoints, access.tls)
  try {
    return await use(client, access)
  } finally {
    client.close()
  }
}
