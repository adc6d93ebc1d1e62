import { EtcdStore } from '../../src/store/etcd/store.ts'
import { storeConformance } from '../conformance/suite.ts'
import { patience } from '../etcd/cluster.ts'
import { SecureCluster } from '../etcd/secure-cluster.ts'

storeConformance('etcd, 3 nodes, as a person with a certificate', {
  capabilities: { durable: true, multiProcess: true },
  open: async () => {
    const cluster = await SecureCluster.start(3)
    const { endpoints } = cluster.etcd
    const tls = await cluster.person('ada')
    return {
      target: { kind: 'etcd', endpoints, tls, timeouts: patience },
      open: () => EtcdStore.open({ endpoints, tls, timeouts: patience }),
      compact: (_, revision) => cluster.compact(revision),
      end: () => cluster.end(),
    }
  },
})
