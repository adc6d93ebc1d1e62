import { EtcdStore } from '../../src/store/etcd/store.ts'
import { storeConformance } from '../conformance/suite.ts'
import { EtcdCluster } from '../etcd/cluster.ts'

storeConformance('etcd, 3 nodes', {
  capabilities: { durable: true, multiProcess: true },
  open: async () => {
    const cluster = await EtcdCluster.start(3)
    return {
      target: { kind: 'etcd', endpoints: cluster.endpoints },
      open: () => EtcdStore.open({ endpoints: cluster.endpoints }),
      compact: (_, revision) => cluster.compact(revision),
      end: () => cluster.end(),
    }
  },
})
