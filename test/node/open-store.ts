/** The records of a cluster under test. */
import type { OpenStore } from '../../src/node/cluster/open-store.ts'
import { patience } from '../etcd/cluster.ts'
import { EtcdStore } from '../../src/store/etcd/store.ts'

export const openTestStore: OpenStore = async (endpoints, { authority, certificate, key }) =>
  EtcdStore.open({ endpoints, tls: { ca: authority, cert: certificate, key }, timeouts: patience })
