import { EtcdStore } from '../../src/store/etcd/store.ts'
import { storeConformance } from '../conformance/suite.ts'
import { EtcdCluster, patience } from '../etcd/cluster.ts'

storeConformance('etcd, 1 node', {
  capabilities: { durable: true, multiProcess: true },
  open: async () => {
    const cluster = await EtcdCluster.start(1)
    return {
      target: { kind: 'etcd', endpoints: cluster.endpoints, timeouts: patience },
      open: () => EtcdStore.open({ endpoints: cluster.endpoints, timeouts: patience }),
      compact: (_, revision) => cluster.compact(revision),
      end: () => cluster.end(),
    }
  },
})
